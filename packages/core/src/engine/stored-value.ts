import { HoldfastError } from '../errors/holdfast-error.ts';
import type { JsonValue } from '../model/json.ts';
import type { StoredValue } from '../model/state.ts';
import type { EngineCore } from './engine-core.ts';

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

/**
 * Refuses to keep the value of a secret.
 *
 * @param what names the value in the error
 * @throws `SECRET_IN_VALUE`
 */
export function refuseSecrets(engine: EngineCore, json: JsonValue, what: string): void {
  const { scrubber } = engine;
  if (scrubber.needles.texts.length === 0 || !scrubber.finds(JSON.stringify(json))) return;
  throw new HoldfastError('SECRET_IN_VALUE', `${what} holds the value of a secret.`, {
    hint: 'Pass the Secret itself, and read it with runContext().secret() where it is used.',
    retryable: false,
  });
}
