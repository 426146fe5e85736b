import type { Readable } from 'node:stream';

/** What is shown: this many bytes at most. */
const SHOWN = 8 * 1024;
/** The longest secret whose cut-off end is still kept from being shown, in bytes. */
const LONGEST_SECRET = 2 * SHOWN;
const KEPT = SHOWN + LONGEST_SECRET;
/** How many lines may be tried for a place to cut. */
const TRIES = 300;

type Scrub = (text: string) => string;

/** The first place at or after an offset that is not inside of a character: a byte 10xxxxxx is. */
function nextCharacter(bytes: Buffer, offset: number): number {
  let at = offset;
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return at;
}

/** Shortens to the last bytes, from the beginning of a line; of a longer last line its end is kept. */
function lastLines(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= SHOWN) return text;
  const start = bytes.length - SHOWN;
  const newline = bytes.indexOf('\n', start - 1);
  const isWithin = newline !== -1 && newline < bytes.length - 1;
  return bytes.toString('utf8', isWithin ? newline + 1 : nextCharacter(bytes, start));
}

/** Places behind an offset where a line begins; if there is none, the next character. */
function* placesToCut(bytes: Buffer, offset: number): Generator<number> {
  let newline = bytes.indexOf('\n', offset);
  if (newline === -1 || newline === bytes.length - 1) yield nextCharacter(bytes, offset);
  for (let tries = 0; newline !== -1 && tries < TRIES; tries += 1) {
    yield newline + 1;
    newline = bytes.indexOf('\n', newline + 1);
  }
}

/**
 * Scrubs what is left of a longer text. Of a secret at its beginning only the end may be there, which nobody
 * recognises: that much is dropped. The cut itself is made where it goes through no secret.
 */
function scrubRest(bytes: Buffer, scrub: Scrub): string {
  const whole = scrub(bytes.toString('utf8'));
  for (const cut of placesToCut(bytes, LONGEST_SECRET)) {
    const rest = scrub(bytes.toString('utf8', cut));
    if (scrub(bytes.toString('utf8', 0, cut)) + rest === whole) return rest;
  }
  return '';
}

/** Drains a stream and remembers its end. */
export class StderrTail {
  readonly #scrub: Scrub;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #dropped = false;

  constructor(stream: Readable, scrub: Scrub) {
    this.#scrub = scrub;
    stream.on('data', (chunk: Buffer) => this.#add(chunk));
    // What cannot be read of stderr is only missing from messages.
    stream.on('error', () => {});
  }

  /** At most 8 KiB, in whole lines, scrubbed. */
  text(): string {
    const bytes = Buffer.concat(this.#chunks);
    try {
      return lastLines(
        this.#dropped ? scrubRest(bytes, this.#scrub) : this.#scrub(bytes.toString('utf8')),
      );
    } catch {
      return '[withheld: it could not be scrubbed of secrets]';
    }
  }

  #add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes <= 2 * KEPT) return;
    const kept = Buffer.from(Buffer.concat(this.#chunks).subarray(-KEPT));
    this.#chunks = [kept];
    this.#bytes = kept.length;
    this.#dropped = true;
  }
}
