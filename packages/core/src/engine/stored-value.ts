import { HoldfastError } from '../errors/holdfast-error.ts';
import type { JsonValue } from '../model/json.ts';
import type { StoredValue } from '../model/state.ts';
import type { EngineCore } from './engine-core.ts';
import { readResult } from './results/read-result.ts';

/** A value that was read back. */
export interface Decoded {
  readonly value: unknown;
}

/**
 * The value that stands in a record: at once where it lies inline, else once it was read from the object store.
 *
 * @throws as {@link readResult}
 */
export function decoded(engine: EngineCore, stored: StoredValue): Decoded | Promise<Decoded> {
  const { codec } = engine;
  if ('inline' in stored) return { value: codec.decode(stored.inline) };
  return readResult(engine, stored).then((json) => ({ value: codec.decode(json) }));
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
