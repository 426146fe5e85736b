import { checkObjectKey, HoldfastError, MAX_KEY_BYTES, ObjectStoreError } from '@holdfast/core';
import type { Clock, EpochMs, ObjectInfo } from '@holdfast/core';

/** What a service tells of one object. */
export interface RemoteObject extends ObjectInfo {
  /** The mark of the write it is of; undefined when it has none. */
  readonly writtenBy: string | undefined;
  readonly retainUntil: EpochMs | undefined;
}

/** Where in a service the objects of a store are, and what is asked of it by every adapter. */
export interface RemotePlace {
  readonly url: string;
  readonly settings: {
    /** '' or with a slash at its end. */
    readonly prefix: string;
    /** By which the waits are measured. */
    readonly clock: Clock;
    /** How long the service may say and take nothing. */
    readonly idleMs: number;
  };
  /** What is under a key; undefined when nothing is. */
  look(key: string, signal: AbortSignal | undefined): Promise<RemoteObject | undefined>;
  /** Takes an object away; none there is fine. */
  remove(key: string, signal: AbortSignal | undefined): Promise<void>;
  /** What an error means that a stream of the service has thrown. @param what to follow 'Cannot' */
  storeError(error: unknown, what: string): Error;
}

type Named = Pick<RemotePlace, 'url' | 'settings'>;

/**
 * The name of an object in the service.
 *
 * @throws `OBJECT_KEY_INVALID` for what is no key, or too long a name behind the prefix
 */
export function remoteName({ url, settings }: Named, key: string): string {
  checkObjectKey(key);
  const name = settings.prefix + key;
  if (Buffer.byteLength(name) <= MAX_KEY_BYTES) return name;
  throw new HoldfastError(
    'OBJECT_KEY_INVALID',
    `The object key '${key}' is longer than ${MAX_KEY_BYTES} bytes behind the prefix of ${url}.`,
    { hint: 'Use a shorter key or prefix.', retryable: false, context: { key } },
  );
}

/** Times of objects have whole seconds in some answers of a service, and parts of them in others. */
export function wholeSeconds(time: Date | undefined): EpochMs {
  return Math.floor((time?.getTime() ?? 0) / 1000) * 1000;
}

/** @throws `OBJECT_MISSING` */
export function missingObject({ url }: Named, key: string, cause?: unknown): never {
  throw new ObjectStoreError('missing', `There is no object '${key}' in ${url}.`, {
    context: { key },
    ...(cause === undefined ? {} : { cause }),
  });
}
