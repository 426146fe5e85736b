import { checkRange, ObjectStoreError } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import { atOnce } from '../waiting/at-once.ts';
import { Watch } from '../waiting/watch.ts';
import { missingObject, remoteName } from './remote-place.ts';
import type { RemotePlace } from './remote-place.ts';

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** What a service answers to who asks for an object. */
export interface RemoteBody {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How many bytes it says will come; undefined when it does not say. */
  readonly bytes: number | undefined;
}

/** Asks for the bytes of an object, or a range of them. */
type Ask = (reading: AbortSignal) => Promise<RemoteBody>;

/** Asks; undefined when the range begins at or after the end of the object. */
async function askFor(
  place: RemotePlace,
  key: string,
  ask: Ask,
  signal: AbortSignal,
): Promise<RemoteBody | undefined> {
  try {
    return await ask(signal);
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    if (error.context['status'] === 416) return undefined;
    return error.problem === 'missing' ? missingObject(place, key, error) : Promise.reject(error);
  }
}

async function* receive(place: RemotePlace, key: string, body: RemoteBody, watch: Watch): Chunks {
  const chunks = body.chunks[Symbol.asyncIterator]();
  let received = 0;
  try {
    for (;;) {
      const step = await atOnce(watch.signal, chunks.next());
      if (step.done === true) break;
      watch.stop();
      received += step.value.byteLength;
      yield step.value;
      watch.signal.throwIfAborted();
      watch.start();
    }
  } catch (error) {
    if (watch.signal.aborted) throw watch.signal.reason;
    throw place.storeError(error, `read '${key}' in ${place.url}`);
  }
  const { bytes = received } = body;
  if (received === bytes) return;
  throw new ObjectStoreError('incomplete', `'${key}' ended after ${received} of ${bytes} bytes.`, {
    hint: 'Read it again.',
    context: { key, received, bytes },
  });
}

/**
 * Reads an object, or a range of it, as it comes; the connection is closed when the reader goes away. The time that the
 * reader takes is not the service's.
 *
 * @throws `OBJECT_MISSING`; `OBJECT_INCOMPLETE` when fewer bytes come than were said; `OBJECT_STORE_UNAVAILABLE`
 * when nothing comes for as long as the settings say
 */
export async function* readRemote(
  place: RemotePlace,
  key: string,
  options: GetOptions,
  ask: Ask,
): Chunks {
  remoteName(place, key);
  checkRange(key, options);
  options.signal?.throwIfAborted();
  if (options.end !== undefined && options.end <= (options.start ?? 0)) {
    if ((await place.look(key, options.signal)) === undefined) missingObject(place, key);
    return;
  }
  const { clock, idleMs } = place.settings;
  const what = `A step of reading '${key}' in ${place.url}`;
  const watch = new Watch(clock, idleMs, what, options.signal);
  let isWhole = false;
  try {
    watch.start();
    const body = await askFor(place, key, ask, watch.signal);
    if (body !== undefined) yield* receive(place, key, body, watch);
    isWhole = true;
  } finally {
    if (!isWhole) watch.abort();
    watch.release();
  }
}
