import { checkRange, ObjectStoreError, systemClock } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { atOnce } from '../waiting/at-once.ts';
import { Watch } from '../waiting/watch.ts';
import type { S3Place } from './place.ts';

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** The header for a range; undefined for the whole. */
function rangeHeader({ start = 0, end }: GetOptions): string | undefined {
  if (start === 0 && end === undefined) return undefined;
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

/** A service that does not know ranges answers with the whole, which must not be taken for a part. */
function refuseWhole(key: string, output: GetObjectCommandOutput, options: GetOptions): void {
  const { start = 0, end = Number.POSITIVE_INFINITY } = options;
  const isRange = output.ContentRange !== undefined;
  if (isRange || (start === 0 && (output.ContentLength ?? 0) <= end)) return;
  throw new ObjectStoreError('invalid', `The service gave all of '${key}' for a part of it.`, {
    hint: 'Use a service that knows requests for a range.',
    context: { key },
  });
}

/** Asks for an object; undefined when the range begins at or after its end. */
async function ask(
  place: S3Place,
  key: string,
  options: GetOptions,
  signal: AbortSignal,
): Promise<GetObjectCommandOutput | undefined> {
  const Range = rangeHeader(options);
  const input = { ...place.target(key), ...(Range !== undefined && { Range }) };
  try {
    return await place.link.read(`read '${key}' in ${place.url}`, signal, (s3, send) =>
      s3.getObject(input, send),
    );
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    if (error.context['status'] === 416) return undefined;
    return error.problem === 'missing' ? place.missing(key, error) : Promise.reject(error);
  }
}

async function* receive(
  place: S3Place,
  key: string,
  output: GetObjectCommandOutput,
  watch: Watch,
): Chunks {
  const chunks = (output.Body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
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
  const bytes = output.ContentLength ?? received;
  if (received === bytes) return;
  throw new ObjectStoreError('incomplete', `'${key}' ended after ${received} of ${bytes} bytes.`, {
    hint: 'Read it again.',
    context: { key, received, bytes },
  });
}

/** Reads an object, or a range of it, as it comes; the connection is closed when the reader goes away. */
export async function* readObject(place: S3Place, key: string, options: GetOptions): Chunks {
  place.target(key);
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
    const output = await ask(place, key, options, watch.signal);
    if (output !== undefined) {
      refuseWhole(key, output, options);
      yield* receive(place, key, output, watch);
    }
    isWhole = true;
  } finally {
    if (!isWhole) watch.abort();
    watch.release();
  }
}
