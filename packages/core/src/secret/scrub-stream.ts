import { Transform } from 'node:stream';
import { REPLACEMENT } from './scrubber.ts';
import type { Scrubber } from './scrubber.ts';
import { findSpans, joinOverlaps } from './spans.ts';

/** Scrubs bytes that come in pieces. Bytes are kept as characters of the same number. */
class PieceScrubber {
  readonly #scrubber: Scrubber;
  #held = '';
  /** So many of the bytes held belong to a secret whose replacement was already given out. */
  #replaced = 0;

  constructor(scrubber: Scrubber) {
    this.#scrubber = scrubber;
  }

  /** Takes a piece; gives what no later piece can change. */
  push(piece: string): string {
    this.#held += piece;
    const { longest } = this.#scrubber.needles;
    return this.#release(Math.max(0, this.#held.length - Math.max(0, longest - 1)));
  }

  /** Gives the rest. */
  end(): string {
    return this.#release(this.#held.length);
  }

  /** Gives what stands before a limit. A secret that begins there is known whole: see the length held back. */
  #release(limit: number): string {
    const text = this.#held;
    const found = findSpans(text, this.#scrubber.needles.bytes);
    const spans = joinOverlaps([{ start: 0, end: this.#replaced }, ...found]);
    let out = '';
    let from = 0;
    for (const { start, end } of spans) {
      if (start >= limit) break;
      const isNew = start > 0 || this.#replaced === 0;
      if (end > start) out += text.slice(from, start) + (isNew ? REPLACEMENT : '');
      from = Math.max(from, end);
    }
    if (from < limit) out += text.slice(from, limit);
    this.#held = text.slice(limit);
    this.#replaced = Math.max(0, from - limit);
    return out;
  }
}

/**
 * A stream that scrubs what passes through it, also where a secret stands across chunks. Everything else
 * passes unchanged, byte by byte, whatever its encoding. It lags behind by the length of the longest secret
 * (in its longest form) less one byte, and gives the rest at the end. Values that are registered while it runs
 * count from then on. Takes Buffers and strings (UTF-8), gives Buffers.
 */
export function scrubStream(scrubber: Scrubber): Transform {
  const pieces = new PieceScrubber(scrubber);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(pieces.push(chunk.toString('latin1')), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(pieces.end(), 'latin1'));
    },
  });
}
