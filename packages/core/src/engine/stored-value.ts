import { HoldfastError } from '../errors/holdfast-error.ts';
import type { JsonValue } from '../model/json.ts';
import type { StoredValue } from '../model/state.ts';

/** The JSON of a stored value that lies inline. */
export function storedValue(stored: StoredValue): JsonValue {
  if ('inline' in stored) return stored.inline;
  throw new HoldfastError(
    'STORED_VALUE_INVALID',
    `A result lies in an object store (${stored.object}).`,
    {
      hint: 'This version keeps results inline; use the version that wrote it.',
      retryable: false,
    },
  );
}
