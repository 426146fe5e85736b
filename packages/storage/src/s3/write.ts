import { createHash, randomUUID } from 'node:crypto';
import { ObjectStoreError, objectStoreProblem } from '@holdfast/core';
import type { EpochMs, ObjectInfo, PutOptions } from '@holdfast/core';
import { markOf } from './place.ts';
import type { S3Object, S3Place } from './place.ts';

/** One object that is to be written. */
export interface Write {
  readonly key: string;
  /** Marks the object, so that it is known whose it is. */
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
export function beginWrite(place: S3Place, key: string, options: PutOptions): Write {
  const { ifAbsent = false, retainUntil } = options;
  const { settings } = place;
  place.target(key);
  if (ifAbsent && settings.ifAbsent === 'refused') {
    throw refused(key, 'the store was opened without ifAbsent', 'Write without ifAbsent.');
  }
  if (retainUntil !== undefined && settings.options.objectLock === undefined) {
    const hint = "Open the store with { objectLock: 'governance' }, on a bucket with Object Lock.";
    throw refused(key, 'the store was opened without objectLock', hint);
  }
  if (retainUntil !== undefined && !(retainUntil > Date.now())) {
    throw refused(key, 'the time it is to be kept until is past', 'Give a time in the future.');
  }
  return { key, id: randomUUID(), ifAbsent, retainUntil };
}

interface ObjectParams {
  readonly Metadata: Record<string, string>;
  readonly ObjectLockMode?: 'COMPLIANCE' | 'GOVERNANCE';
  readonly ObjectLockRetainUntilDate?: Date;
}

/** What a request that makes an object says of it. */
export function objectParams({ settings }: S3Place, { id, retainUntil }: Write): ObjectParams {
  const { objectLock } = settings.options;
  const Metadata = markOf(id);
  if (retainUntil === undefined || objectLock === undefined) return { Metadata };
  return {
    Metadata,
    ObjectLockMode: objectLock === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(retainUntil),
  };
}

/** The condition under which an object is published. */
export function publishParams(
  { settings }: S3Place,
  { ifAbsent }: Write,
): {
  readonly IfNoneMatch?: '*';
} {
  return ifAbsent && settings.ifAbsent === 'conditional' ? { IfNoneMatch: '*' } : {};
}

/** What a body is sent with: S3 wants a checksum for what is to be locked, whatever the settings say. */
export function bodyParams({ settings }: S3Place, { retainUntil }: Write, bytes: Uint8Array) {
  const isChecked = settings.checksums === 'supported';
  const md5 =
    retainUntil === undefined || isChecked
      ? undefined
      : createHash('md5').update(bytes).digest('base64');
  return { Body: bytes, ...(md5 !== undefined && { ContentMD5: md5 }) };
}

function taken(place: S3Place, key: string): ObjectStoreError {
  return new ObjectStoreError('exists', `There is an object '${key}' in ${place.url} already.`, {
    context: { key },
  });
}

/**
 * @throws `OBJECT_EXISTS` when there is something under the key already
 */
export async function refuseTaken(
  place: S3Place,
  { key, ifAbsent }: Write,
  signal: AbortSignal,
): Promise<void> {
  if (ifAbsent && (await place.look(key, signal)) !== undefined) throw taken(place, key);
}

/** What is there, when a request to publish has failed; undefined when even that cannot be told. */
async function lookAfter(place: S3Place, key: string, signal: AbortSignal) {
  try {
    return { there: await place.look(key, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (objectStoreProblem(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * Takes an object away that is of a write which must fail.
 */
async function takeAway(place: S3Place, key: string): Promise<void> {
  const target = place.target(key);
  await place.link
    .call(`delete '${key}' in ${place.url}`, undefined, (s3, options) =>
      s3.deleteObject(target, options),
    )
    .catch(() => undefined);
}

/** Compares what the service has with what was written. Another write may have replaced it by now. */
async function verified(
  place: S3Place,
  write: Write,
  bytes: number,
  there: S3Object | undefined,
): Promise<ObjectInfo> {
  const { key, id, retainUntil } = write;
  if (there === undefined) {
    const message = `'${key}' is not in ${place.url}, although it was just written.`;
    throw new ObjectStoreError('incomplete', message, { context: { key } });
  }
  const info = { key, bytes, modifiedAt: there.modifiedAt };
  if (there.writtenBy !== undefined && there.writtenBy !== id) return info;
  if (there.bytes !== bytes) {
    await takeAway(place, key);
    const message = `'${key}' has ${there.bytes} bytes in ${place.url} after ${bytes} were written.`;
    throw new ObjectStoreError('incomplete', message, {
      context: { key, bytes, kept: there.bytes },
    });
  }
  // Services keep whole seconds.
  if (retainUntil !== undefined && (there.retainUntil ?? 0) < retainUntil - 1000) {
    await takeAway(place, key);
    const hint = 'Enable Object Lock for the bucket, or use a service that has it.';
    throw refused(key, 'the service does not keep it until the time it was told', hint);
  }
  return info;
}

/**
 * Makes the request that publishes an object, and looks at what the service then has. A request that has failed may
 * have been done: then its mark is there.
 *
 * @param giveUp makes sure that a request that has failed comes to nothing after all
 */
export async function publish(
  place: S3Place,
  write: Write,
  bytes: number,
  signal: AbortSignal,
  request: () => Promise<unknown>,
  giveUp: () => Promise<void> = async () => undefined,
): Promise<ObjectInfo> {
  const { key, id, ifAbsent } = write;
  await refuseTaken(place, write, signal);
  try {
    await request();
  } catch (error) {
    signal.throwIfAborted();
    await giveUp();
    const seen = await lookAfter(place, key, signal);
    if (seen?.there?.writtenBy === id) return verified(place, write, bytes, seen.there);
    const problem = objectStoreProblem(error);
    const met = problem === 'exists' || (problem === 'unavailable' && seen?.there !== undefined);
    throw ifAbsent && met ? taken(place, key) : error;
  }
  return verified(place, write, bytes, await place.look(key, signal));
}
