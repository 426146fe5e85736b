import type { BlobDownloadResponseParsed } from '@azure/storage-blob';
import { checkRange, ObjectStoreError, systemClock } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import { atOnce } from '../waiting/at-once.ts';
import { Watch } from '../waiting/watch.ts';
import type { AzurePlace } from './place.ts';

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Asks for an object; undefined when the range begins at or after its end. */
async function ask(
  place: AzurePlace,
  key: string,
  { start = 0, end }: GetOptions,
  reading: AbortSignal,
): Promise<BlobDownloadResponseParsed | undefined> {
  const name = place.nameOf(key);
  const count = end === undefined ? undefined : end - start;
  const options = { abortSignal: reading };
  try {
    return await place.link.call(`read '${key}' in ${place.url}`, reading, (container) =>
      container.getBlobClient(name).download(start, count, options),
    );
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    if (error.context['status'] === 416) return undefined;
    return error.problem === 'missing' ? place.missing(key, error) : Promise.reject(error);
  }
}

async function* receive(
  place: AzurePlace,
  key: string,
  answer: BlobDownloadResponseParsed,
  watch: Watch,
): Chunks {
  const stream = answer.readableStreamBody as unknown as AsyncIterable<Uint8Array>;
  const chunks = stream[Symbol.asyncIterator]();
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
    throw place.link.storeError(error, `read '${key}' in ${place.url}`);
  }
  const bytes = answer.contentLength ?? received;
  if (received === bytes) return;
  throw new ObjectStoreError('incomplete', `'${key}' ended after ${received} of ${bytes} bytes.`, {
    hint: 'Read it again.',
    context: { key, received, bytes },
  });
}

/** Reads an object, or a range of it, as it comes; the connection is closed when the reader goes away. */
export async function* readObject(place: AzurePlace, key: string, options: GetOptions): Chunks {
  place.nameOf(key);
  checkRange(key, options);
  options.signal?.throwIfAborted();
  if (options.end !== undefined && options.end <= (options.start ?? 0)) {
    if ((await place.look(key, options.signal)) === undefined) place.missing(key);
    return;
  }
  const what = `A step of reading '${key}' in ${place.url}`;
  const watch = new Watch(systemClock, place.settings.idleMs, what, options.signal);
  let isWhole = false;
  try {
    watch.start();
    const answer = await ask(place, key, options, watch.signal);
    if (answer !== undefined) yield* receive(place, key, answer, watch);
    isWhole = true;
  } finally {
    if (!isWhole) watch.abort();
    watch.release();
  }
}
