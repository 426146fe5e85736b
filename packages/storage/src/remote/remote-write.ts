import { randomUUID } from 'node:crypto';
import { ObjectStoreError, objectStoreProblem } from '@holdfast/core';
import type { EpochMs, ObjectInfo, PutOptions } from '@holdfast/core';
import type { PartPlan } from './part-plan.ts';
import { remoteName } from './remote-place.ts';
import type { RemoteObject, RemotePlace } from './remote-place.ts';

/** One object that is to be written. */
export interface Write {
  readonly key: string;
  /** Its name in the service. */
  readonly name: string;
  /** Marks the object, so that it is known whose it is. */
  readonly id: string;
  readonly ifAbsent: boolean;
  readonly retainUntil: EpochMs | undefined;
}

/** How a service keeps objects until a time. */
export interface Retention {
  /** What the store was opened without, if it was: { option: 'objectLock', hint: … } */
  readonly lacking: { readonly option: string; readonly hint: string } | undefined;
  /** What to do when the service did not keep the time it was told. */
  readonly notKept: string;
}

/** A place that is written to. */
export interface WritablePlace extends RemotePlace {
  readonly retention: Retention;
  /** Whether the store was opened to write only where nothing is. */
  readonly takesIfAbsent: boolean;
  /** Whether every object keeps the mark of its write: then one without any is somebody else's. */
  readonly keepsMarks: boolean;
}

/** The error of a write that the store or its service does not do. */
function refusedWrite(key: string, problem: string, hint: string): ObjectStoreError {
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
export function beginRemoteWrite(place: WritablePlace, key: string, options: PutOptions): Write {
  const { ifAbsent = false, retainUntil } = options;
  const { lacking } = place.retention;
  const name = remoteName(place, key);
  if (ifAbsent && !place.takesIfAbsent) {
    throw refusedWrite(key, 'the store was opened without ifAbsent', 'Write without ifAbsent.');
  }
  if (retainUntil !== undefined && lacking !== undefined) {
    throw refusedWrite(key, `the store was opened without ${lacking.option}`, lacking.hint);
  }
  if (retainUntil !== undefined && !(retainUntil > Date.now())) {
    const hint = 'Give a time in the future.';
    throw refusedWrite(key, 'the time it is to be kept until is past', hint);
  }
  return { key, name, id: randomUUID(), ifAbsent, retainUntil };
}

/**
 * @param number of the last part
 * @param hint what can be done about it
 * @throws `OBJECT_STORE_INVALID` for what does not fit into the parts that a service takes
 */
export function refuseTooLarge(
  { maxBytes, maxParts }: PartPlan,
  { key }: Write,
  { bytes, number }: { readonly bytes: number; readonly number: number },
  hint: string,
): void {
  if (bytes <= maxBytes && number <= maxParts) return;
  const message = `'${key}' is larger than ${maxBytes} bytes.`;
  throw new ObjectStoreError('invalid', message, { hint, context: { key, maxBytes } });
}

function taken({ url }: RemotePlace, key: string): ObjectStoreError {
  return new ObjectStoreError('exists', `There is an object '${key}' in ${url} already.`, {
    context: { key },
  });
}

/**
 * @throws `OBJECT_EXISTS` when there is something under the key already
 */
export async function refuseTaken(
  place: RemotePlace,
  { key, ifAbsent }: Write,
  signal: AbortSignal,
): Promise<void> {
  if (ifAbsent && (await place.look(key, signal)) !== undefined) throw taken(place, key);
}

/** What is there, when a request to publish has failed; undefined when even that cannot be told. */
async function lookAfter(place: RemotePlace, key: string, signal: AbortSignal) {
  try {
    return { there: await place.look(key, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (objectStoreProblem(error) === undefined) throw error;
    return undefined;
  }
}

/** Takes an object away that is of a write which must fail. */
async function takeAway(place: RemotePlace, key: string): Promise<void> {
  await place.remove(key, undefined).catch(() => undefined);
}

/** Compares what the service has with what was written. Another write may have replaced it by now. */
async function verified(
  place: WritablePlace,
  write: Write,
  bytes: number,
  there: RemoteObject | undefined,
): Promise<ObjectInfo> {
  const { key, id, retainUntil } = write;
  const { url } = place;
  if (there === undefined) {
    const message = `'${key}' is not in ${url}, although it was just written.`;
    throw new ObjectStoreError('incomplete', message, { context: { key } });
  }
  const info = { key, bytes, modifiedAt: there.modifiedAt };
  const isUnmarked = there.writtenBy === undefined && !place.keepsMarks;
  if (there.writtenBy !== id && !isUnmarked) return info;
  if (there.bytes !== bytes) {
    await takeAway(place, key);
    const message = `'${key}' has ${there.bytes} bytes in ${url} after ${bytes} were written.`;
    throw new ObjectStoreError('incomplete', message, {
      context: { key, bytes, kept: there.bytes },
    });
  }
  // Services keep whole seconds.
  if (retainUntil !== undefined && (there.retainUntil ?? 0) < retainUntil - 1000) {
    await takeAway(place, key);
    const problem = 'the service does not keep it until the time it was told';
    throw refusedWrite(key, problem, place.retention.notKept);
  }
  return info;
}

/**
 * Makes the request that publishes an object, and looks at what the service then has. A request that has failed may
 * have been done: then its mark is there.
 *
 * @param giveUp makes sure that a request that has failed comes to nothing after all
 */
export async function publishRemote(
  place: WritablePlace,
  write: Write,
  bytes: number,
  signal: AbortSignal,
  request: () => Promise<unknown>,
  giveUp: () => Promise<void> = async () => undefined,
): Promise<ObjectInfo> {
  const { key, id, ifAbsent } = write;
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
