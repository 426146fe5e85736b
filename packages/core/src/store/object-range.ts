import { ObjectStoreError } from './object-store.ts';
import type { GetOptions } from './object-store.ts';

/** Which bytes of an object to read: from `start`, up to but without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

function checkOffset(key: string, name: string, offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return;
  throw new ObjectStoreError('invalid', `${name} ${offset} is no offset to read '${key}' from.`, {
    hint: 'Offsets are whole numbers of bytes, 0 or more.',
    context: { key },
  });
}

/**
 * Checks the range of a read before the size of the object is known. For adapters of the
 * {@link ObjectStore} port.
 *
 * @throws `OBJECT_STORE_INVALID` when an offset is no whole number from 0 up, or `end` is before `start`
 */
export function checkRange(key: string, options: GetOptions): void {
  const { start = 0, end } = options;
  checkOffset(key, 'start', start);
  if (end === undefined) return;
  checkOffset(key, 'end', end);
  if (end < start) {
    throw new ObjectStoreError(
      'invalid',
      `The range of '${key}' ends at ${end}, before ${start}.`,
      {
        hint: 'Give an end that is not before the start; both count from 0.',
        context: { key, start, end },
      },
    );
  }
}

/** The range cut to an object of this size; empty (start equals end) when nothing of it is there. */
export function rangeWithin(bytes: number, options: GetOptions): ByteRange {
  const start = Math.min(options.start ?? 0, bytes);
  return { start, end: Math.max(start, Math.min(options.end ?? bytes, bytes)) };
}
