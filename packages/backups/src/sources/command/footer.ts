import { HoldfastError } from '@holdfast/core';

/** What a whole dump ends with, as plain data that can be stored. */
export type Footer =
  /** This text; what follows may be white space. */
  | { readonly text: string }
  /** These bytes, and nothing after them; in hex. */
  | { readonly hex: string }
  /** A regular expression that finds something in the last 4 KiB, read as UTF-8. */
  | { readonly pattern: string; readonly flags: string };

/** How much of the end of a dump is kept, in bytes. */
export const TAIL_BYTES = 4096;

/**
 * The stored form of what a user gives. A regular expression may not keep a state (`g`, `y`).
 *
 * @returns undefined when nothing could ever end with it, or everything does
 */
export function footerOf(given: string | RegExp | Uint8Array): Footer | undefined {
  if (given instanceof RegExp) {
    const stateless = !given.global && !given.sticky && !given.test('');
    return stateless ? { pattern: given.source, flags: given.flags } : undefined;
  }
  const bytes = typeof given === 'string' ? Buffer.from(given.trimEnd()) : Buffer.from(given);
  if (bytes.length === 0 || bytes.length > TAIL_BYTES) return undefined;
  return typeof given === 'string' ? { text: given.trimEnd() } : { hex: bytes.toString('hex') };
}

/** The end of a stream that passes. */
export class Tail {
  #bytes = Buffer.alloc(0);
  /** Bytes that have passed. */
  total = 0;

  add(chunk: Uint8Array): void {
    this.total += chunk.byteLength;
    const end = chunk.byteLength > TAIL_BYTES ? chunk.subarray(-TAIL_BYTES) : chunk;
    this.#bytes = Buffer.concat([this.#bytes, end]).subarray(-TAIL_BYTES);
  }

  endsWith(footer: Footer): boolean {
    if ('hex' in footer) {
      const wanted = Buffer.from(footer.hex, 'hex');
      return this.#bytes.subarray(-wanted.length).equals(wanted);
    }
    const text = this.#bytes.toString('utf8');
    if ('text' in footer) return text.trimEnd().endsWith(footer.text);
    return new RegExp(footer.pattern, footer.flags).test(text);
  }
}

/** How a person would name a footer. */
function describeFooter(footer: Footer): string {
  if ('hex' in footer) return `the bytes ${footer.hex.slice(0, 64)}`;
  return 'text' in footer ? JSON.stringify(footer.text) : `/${footer.pattern}/${footer.flags}`;
}

/**
 * @throws `DUMP_INCOMPLETE` what passed is too short, or does not end as it should
 */
export function checkTail(
  what: string,
  tail: Tail,
  rules: { readonly minBytes: number; readonly footer?: Footer },
): void {
  const { minBytes, footer } = rules;
  const short = tail.total < minBytes;
  if (!short && (footer === undefined || tail.endsWith(footer))) return;
  const why = short
    ? `has ${tail.total} bytes; ${minBytes} are the least`
    : `does not end with ${describeFooter(footer as Footer)}`;
  throw new HoldfastError('DUMP_INCOMPLETE', `The dump of ${what} ${why}.`, {
    hint: 'Nothing was published. See what the program prints, and whether it is cut off.',
    context: { source: what, bytes: tail.total, minBytes },
  });
}
