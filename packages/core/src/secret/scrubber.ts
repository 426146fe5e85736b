import { secretForms } from './secret-forms.ts';
import { findSpans } from './spans.ts';

/** What stands where a secret stood. */
export const REPLACEMENT = '[secret]';

/** Values shorter than this, in UTF-16 code units, are not scrubbed: half of every text would go with them. */
const SHORTEST_SCRUBBED = 4;

/** How many values are remembered: the ones that were registered last. */
const MOST_VALUES = 1_000;

/** What a scrubber looks for. */
export interface Needles {
  /** In texts. */
  readonly texts: readonly string[];
  /** In bytes, each byte as the character of its number (latin1). */
  readonly bytes: readonly string[];
  /** The length of the longest one, in bytes. */
  readonly longest: number;
}

/**
 * Takes secrets out of what others print. Made by {@link createScrubber}.
 *
 * A registered value is found as it is, URL-encoded, in base64 and base64url at each of the three offsets, with
 * and without padding, in hex, escaped as in JSON, and quoted as a shell or SQL do; a value of several lines also by
 * its single lines from 16 characters on. Not found: parts of a value, other encodings, base64 broken into lines.
 */
export class Scrubber {
  readonly #forms = new Map<string, readonly string[]>();
  #needles: Needles | undefined;

  /**
   * Registers a value, and the value without white space around it. Again is allowed. The last 1,000 values are
   * remembered, so that secrets which change with every attempt do not fill the memory.
   *
   * @returns false when the value has fewer than 4 characters without the white space: it is not scrubbed
   */
  add(value: string): boolean {
    for (const each of new Set([value.trim(), value])) {
      if (each.length < SHORTEST_SCRUBBED) continue;
      const forms = this.#forms.get(each) ?? secretForms(each);
      this.#forms.delete(each);
      this.#forms.set(each, forms);
    }
    for (const oldest of this.#forms.keys()) {
      if (this.#forms.size <= MOST_VALUES) break;
      this.#forms.delete(oldest);
    }
    this.#needles = undefined;
    return value.trim().length >= SHORTEST_SCRUBBED;
  }

  /** Whether a text holds a registered value in any of its forms. */
  finds(text: string): boolean {
    return this.needles.texts.some((needle) => text.includes(needle));
  }

  /** Replaces every registered value, in any of its forms, by `[secret]`. */
  readonly scrub = (text: string): string => {
    let out = '';
    let from = 0;
    for (const { start, end } of findSpans(text, this.needles.texts)) {
      out += text.slice(from, start) + REPLACEMENT;
      from = end;
    }
    return out + text.slice(from);
  };

  /** What is looked for at present. Holds the secrets: for scrubbing alone. */
  get needles(): Needles {
    if (this.#needles === undefined) {
      const texts = [...new Set([...this.#forms.values()].flat())];
      const bytes = texts.map((text) => Buffer.from(text).toString('latin1'));
      const longest = bytes.reduce((length, needle) => Math.max(length, needle.length), 0);
      this.#needles = { texts, bytes, longest };
    }
    return this.#needles;
  }
}

/** Makes a scrubber that knows no value yet. */
export function createScrubber(): Scrubber {
  return new Scrubber();
}
