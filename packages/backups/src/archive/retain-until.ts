import { type Duration, durationMs, HoldfastError, type ObjectStore } from '@holdfast/core';

/**
 * Until when a store is to keep what is written now, epoch milliseconds; undefined: it may go at any time.
 *
 * @param now epoch milliseconds
 * @throws `RETENTION_UNSUPPORTED` the store cannot keep anything until a date
 */
export function retainUntilOf(
  { retainFor, to }: { readonly retainFor?: Duration | undefined; readonly to: ObjectStore },
  now: number,
): number | undefined {
  if (retainFor === undefined) return undefined;
  if (to.properties.retention === true) return now + durationMs(retainFor);
  throw new HoldfastError('RETENTION_UNSUPPORTED', `${to.url} cannot keep objects until a date.`, {
    hint: 'Leave out retainFor for this store, or choose one with an object lock.',
    retryable: false,
  });
}
