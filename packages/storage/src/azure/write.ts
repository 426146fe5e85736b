import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { ObjectStoreError, objectStoreProblem } from '@holdfast/core';
import type { EpochMs, ObjectInfo, PutOptions } from '@holdfast/core';
import { markOf } from './place.ts';
import type { AzureObject, AzurePlace } from './place.ts';

/** One object that is to be written. */
export interface Write {
  readonly key: string;
  /** The name of the blob. */
  readonly name: string;
  /** Marks the blob, and its blocks, so that it is known whose they are. */
  readonly id: string;
  readonly ifAbsent: boolean;
  readonly retainUntil: EpochMs | undefined;
}

function refused(key: string, problem: string, hint: string): ObjectStoreError {
  return new ObjectStoreError('invalid', `'${key}' cannot be written: ${problem}.`, {
    hint,
    context: { key },
  });
}

/**
 * Checks how an object is to be written.
 *
 * @throws `OBJECT_KEY_INVALID`; `OBJECT_STORE_INVALID` for what the store was not opened for
 */
export function beginWrite(place: AzurePlace, key: string, options: PutOptions): Write {
  const { ifAbsent = false, retainUntil } = options;
  const { immutability } = place.settings.options;
  const name = place.nameOf(key);
  if (retainUntil !== undefined && immutability === undefined) {
    const hint = "Open the store with { immutability: 'unlocked' }, on a container that has it.";
    throw refused(key, 'the store was opened without immutability', hint);
  }
  if (retainUntil !== undefined && !(retainUntil > Date.now())) {
    throw refused(key, 'the time it is to be kept until is past', 'Give a time in the future.');
  }
  return { key, name, id: randomUUID(), ifAbsent, retainUntil };
}

/** What a request that publishes a blob says of it. */
export function publishOptions({ settings }: AzurePlace, write: Write) {
  const { immutability } = settings.options;
  const { retainUntil } = write;
  return {
    metadata: markOf(write.id),
    ...(write.ifAbsent && { conditions: { ifNoneMatch: '*' } }),
    ...(retainUntil !== undefined &&
      immutability !== undefined && {
        immutabilityPolicy: {
          expiriesOn: new Date(retainUntil),
          policyMode: immutability === 'locked' ? ('Locked' as const) : ('Unlocked' as const),
        },
      }),
  };
}

const STROKE_BYTES = 1024 * 1024;

function* strokes(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += STROKE_BYTES) {
    yield bytes.subarray(at, at + STROKE_BYTES);
  }
}

/** Bytes as a request takes them: in strokes, so that it is seen when they go; anew for each try. */
export function bodyOf(bytes: Uint8Array): () => NodeJS.ReadableStream {
  return () => Readable.from(strokes(bytes), { objectMode: false });
}

/** Lets the service compare what has arrived. */
export function md5Of(bytes: Uint8Array): Uint8Array {
  return createHash('md5').update(bytes).digest();
}

function taken(place: AzurePlace, key: string): ObjectStoreError {
  return new ObjectStoreError('exists', `There is an object '${key}' in ${place.url} already.`, {
    context: { key },
  });
}

/**
 * @throws `OBJECT_EXISTS` when there is something under the key already
 */
export async function refuseTaken(
  place: AzurePlace,
  { key, ifAbsent }: Write,
  signal: AbortSignal,
): Promise<void> {
  if (ifAbsent && (await place.look(key, signal)) !== undefined) throw taken(place, key);
}

/** What is there, when a request to publish has failed; undefined when even that cannot be told. */
async function lookAfter(place: AzurePlace, key: string, signal: AbortSignal) {
  try {
    return { there: await place.look(key, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (objectStoreProblem(error) === undefined) throw error;
    return undefined;
  }
}

/** Takes an object away that is of a write which must fail. */
async function takeAway(place: AzurePlace, { key, name }: Write): Promise<void> {
  await place.link
    .call(`delete '${key}' in ${place.url}`, undefined, (container, { abortSignal }) =>
      container.getBlobClient(name).delete({ abortSignal }),
    )
    .catch(() => undefined);
}

/** Compares what the service has with what was written. Another write may have replaced it by now. */
async function verified(
  place: AzurePlace,
  write: Write,
  bytes: number,
  there: AzureObject | undefined,
): Promise<ObjectInfo> {
  const { key, id, retainUntil } = write;
  if (there === undefined) {
    const message = `'${key}' is not in ${place.url}, although it was just written.`;
    throw new ObjectStoreError('incomplete', message, { context: { key } });
  }
  const info = { key, bytes, modifiedAt: there.modifiedAt };
  if (there.writtenBy !== id) return info;
  if (there.bytes !== bytes) {
    await takeAway(place, write);
    const message = `'${key}' has ${there.bytes} bytes in ${place.url} after ${bytes} were written.`;
    throw new ObjectStoreError('incomplete', message, {
      context: { key, bytes, kept: there.bytes },
    });
  }
  // The service keeps whole seconds.
  if (retainUntil !== undefined && (there.retainUntil ?? 0) < retainUntil - 1000) {
    await takeAway(place, write);
    const hint = 'Enable version-level immutability for the container.';
    throw refused(key, 'the service does not keep it until the time it was told', hint);
  }
  return info;
}

/**
 * Makes the request that publishes an object, and looks at what the service then has. A request that has failed may
 * have been done: then its mark is there.
 */
export async function publish(
  place: AzurePlace,
  write: Write,
  bytes: number,
  signal: AbortSignal,
  request: () => Promise<unknown>,
): Promise<ObjectInfo> {
  const { key, id, ifAbsent } = write;
  try {
    await request();
  } catch (error) {
    signal.throwIfAborted();
    const seen = await lookAfter(place, key, signal);
    if (seen?.there?.writtenBy === id) return verified(place, write, bytes, seen.there);
    throw ifAbsent && objectStoreProblem(error) === 'exists' ? taken(place, key) : error;
  }
  return verified(place, write, bytes, await place.look(key, signal));
}
