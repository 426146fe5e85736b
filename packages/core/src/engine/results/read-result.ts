import { createHash } from 'node:crypto';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { JsonValue } from '../../model/json.ts';
import type { StoredValue } from '../../model/state.ts';
import {
  objectStoreProblem,
  ObjectStoreError,
  type ObjectStore,
} from '../../store/object-store.ts';
import type { GetOptions } from '../../store/object-store.ts';
import type { EngineCore } from '../engine-core.ts';
import { persistently } from './persistently.ts';

type InObjectStore = Exclude<StoredValue, { readonly inline: unknown }>;

function unreadable(code: string, message: string, hint: string, cause?: unknown): HoldfastError {
  return new HoldfastError(code, message, {
    hint,
    retryable: false,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What was read is not what was put there. Another reading may give that: bits turn on the way, too. */
function differs({ object }: InObjectStore): ObjectStoreError {
  return new ObjectStoreError('incomplete', `'${object}' is not what was put there.`);
}

/** The bytes of an object, as far as they are those that were put there. */
async function bytesOf(
  stored: InObjectStore,
  store: ObjectStore,
  options: GetOptions,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const sha256 = createHash('sha256');
  let bytes = 0;
  for await (const chunk of store.get(stored.object, options)) {
    bytes += chunk.byteLength;
    if (bytes > stored.bytes) throw differs(stored);
    sha256.update(chunk);
    chunks.push(chunk);
  }
  if (sha256.digest('hex') !== stored.sha256) throw differs(stored);
  return Buffer.concat(chunks, bytes);
}

/** Why a result could not be read. */
function reasonFor({ object }: InObjectStore, { url }: ObjectStore, error: unknown): unknown {
  const remedy = 'Restore the object from a copy of the store, or run the flow anew.';
  switch (objectStoreProblem(error)) {
    case 'missing':
      return unreadable(
        'RESULT_MISSING',
        `The result '${object}' is not in ${url}.`,
        remedy,
        error,
      );
    case 'incomplete':
      return unreadable(
        'RESULT_ALTERED',
        `The result '${object}' in ${url} is not the one that was put there.`,
        remedy,
        error,
      );
    default:
      return error;
  }
}

/**
 * Reads a result from the object store, and checks that it is the one that was put there.
 *
 * @throws `STORED_VALUE_INVALID` when this engine has no object store for results, `RESULT_MISSING`, `RESULT_ALTERED`,
 *   what the object store throws, and the signal's reason
 */
export async function readResult(
  { results, clock }: EngineCore,
  stored: InObjectStore,
  signal?: AbortSignal,
): Promise<JsonValue> {
  const options = signal === undefined ? {} : { signal };
  const { store } = results;
  if (store === undefined) {
    throw unreadable(
      'STORED_VALUE_INVALID',
      `A result lies in an object store ('${stored.object}'), and this engine has none.`,
      'Give it the one that the result was put into: createEngine({ results: { store } }).',
    );
  }
  try {
    const bytes = await persistently(clock, () => bytesOf(stored, store, options), signal);
    return JSON.parse(bytes.toString()) as JsonValue;
  } catch (error) {
    throw reasonFor(stored, store, error);
  }
}
