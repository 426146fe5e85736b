import { HoldfastError } from '../errors/holdfast-error.ts';

/** The longest key, in bytes of UTF-8: what S3 and Azure accept. */
export const MAX_KEY_BYTES = 1024;
/** The longest part between two slashes, in bytes of UTF-8: what common file systems accept. */
export const MAX_PART_BYTES = 200;

/** Parts of a key that begin so, in any case, are the adapters' own: unfinished writes, locks. */
const RESERVED = '.holdfast-';

// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

function complaint(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (!key.isWellFormed()) return 'holds half a surrogate pair';
  if (key !== key.normalize('NFC')) return 'is not in Unicode normal form C';
  if (FORBIDDEN.test(key)) return 'holds a control character or a backslash';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  for (const part of key.split('/')) {
    if (part === '') return 'is absolute, ends with a slash, or has an empty part';
    if (part === '.' || part === '..') return `has a part '${part}'`;
    if (part.slice(0, RESERVED.length).toLowerCase() === RESERVED) {
      return `has a part that begins with '${RESERVED}', which is kept for the stores themselves`;
    }
    if (Buffer.byteLength(part) > MAX_PART_BYTES) {
      return `has a part longer than ${MAX_PART_BYTES} bytes`;
    }
  }
  return undefined;
}

/**
 * Checks an object key: relative, `/` between its parts, no `.` or `..`, no control characters or
 * backslashes, Unicode normal form C, at most 1,024 bytes in all and 200 a part, no part that begins with
 * `.holdfast-`. The same rule for every adapter, so that what one store takes every store takes.
 *
 * @returns the key
 * @throws `OBJECT_KEY_INVALID` which says what is wrong with it
 */
export function checkObjectKey(key: string): string {
  const wrong = complaint(key);
  if (wrong === undefined) return key;
  throw new HoldfastError('OBJECT_KEY_INVALID', `The object key ${JSON.stringify(key)} ${wrong}.`, {
    hint: "Use a relative path with '/' between its parts, for example 'orders/2026/11/dump.zst'.",
    retryable: false,
    context: { key },
  });
}

/** Whether a text can be an object's key: others put things where a store keeps its objects, too. */
export function isObjectKey(key: string): boolean {
  return complaint(key) === undefined;
}

/**
 * Checks a prefix for listing: empty (everything), or the beginning of a valid key; a trailing slash is allowed.
 *
 * @throws `OBJECT_KEY_INVALID`
 */
export function checkObjectPrefix(prefix: string): string {
  if (prefix !== '') checkObjectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  return prefix;
}
