import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { Duration } from '../model/duration.ts';
import type { JsonValue } from '../model/json.ts';
import type { EpochMs } from '../model/state.ts';

/**
 * What can be written: bytes, or a stream of them whose size need not be known. A stream may use the bytes of a chunk
 * again when it is asked for the next one.
 */
export type ObjectBody = Uint8Array | AsyncIterable<Uint8Array>;

/** What a store knows of one object. */
export interface ObjectInfo {
  readonly key: string;
  /** Size in bytes, as the store has it now. */
  readonly bytes: number;
  readonly modifiedAt: EpochMs;
}

/** How an object is written. */
export interface PutOptions {
  /** Refuse, with `OBJECT_EXISTS`, when the key is taken. Default false: replace it. */
  readonly ifAbsent?: boolean;
  /**
   * Until this time the service itself keeps what is written: nobody can take it away for good. Default: no such
   * time. Refused, as `invalid`, by a store without `retention`, and when it is not in the future.
   */
  readonly retainUntil?: EpochMs;
  /** Gives the write up; nothing stays under the key. */
  readonly signal?: AbortSignal;
}

/** Which part of an object is read, and what stops it. */
export interface GetOptions {
  /** Offset of the first byte. Default 0. */
  readonly start?: number;
  /** Offset after the last byte. Default: the end. Beyond the end is the end. */
  readonly end?: number;
  /**
   * Each chunk is the reader's only until the next one is asked for: then the store may read into it again, which
   * spares fresh memory and is several times as fast from a disk. Right for who hashes chunks, or hands them to `put`;
   * who keeps them, or writes them to a stream that queues them, would find other bytes in them. Default false: a chunk
   * stays as it is.
   */
  readonly lent?: boolean;
  readonly signal?: AbortSignal;
}

/** Which unfinished writes are swept away. */
export interface SweepOptions {
  /**
   * How long nothing has happened to them, where it cannot be told otherwise that their writer has ended.
   * Default 24 hours.
   */
  readonly olderThan?: Duration;
  /** Only writes of keys that begin with this text, where the store can tell. Default: all. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

/** What a sweep found. */
export interface SweepReport {
  /** How many unfinished writes it has removed. */
  readonly removed: number;
}

/** What an adapter can do. The contract suite tests what is claimed, and that the rest is refused. */
export interface ObjectStoreProperties {
  /**
   * True: `ifAbsent` is decided by the store itself, also between two machines. `'looks'`: the store looks
   * whether the key is free, before it reads the body and before it publishes; of two writers who meet there both
   * may be told that they have won. False: `ifAbsent` is refused, as `invalid`.
   */
  readonly ifAbsent: boolean | 'looks';
  /** `copy` runs on the service's side. */
  readonly serverSideCopy: boolean;
  /** The largest object, in bytes. */
  readonly maxObjectBytes: number;
  /** An object is replaced in one step. False: for a moment nothing may be under its key. Default true. */
  readonly atomic?: boolean;
  /** `retainUntil` is kept, so that what is written is immutable until then; `retainedUntil` tells of it. Default false. */
  readonly retention?: boolean;
  /** The longest key, in bytes of UTF-8. Default 1,024. */
  readonly maxKeyBytes?: number;
}

/**
 * Where bytes are kept. Keys follow {@link checkObjectKey}. The contract suite in
 * `@holdfast/core/testing` holds every adapter to what is written here.
 *
 * Promises of an adapter:
 * 1. Atomic: an object is seen whole or not at all, whatever fails or is killed while it is written;
 *    a failed or aborted `put` leaves under the key what was there before.
 * 2. Durable: when `put` resolves, the object survives the loss of the machine that keeps it, as far as
 *    the service promises that at all.
 * 3. True size: `put` reads back what the store says of the size, and fails with `OBJECT_INCOMPLETE`
 *    when it is not the number of bytes written.
 * 4. Backpressure: a body is read no faster than it is written, a `get` no faster than it is consumed. A body may use
 *    the memory of a chunk again as soon as it is asked for the next: what is needed longer is copied.
 * 5. A `get` that is given up, by its signal or by leaving the loop, frees what it held. One that breaks
 *    half way throws; it never ends early as if it were whole. An aborted call throws the signal's reason at
 *    once, also while a body hangs; the body is closed then. A service may still do what its last request
 *    asked for, if that was on its way.
 * 6. `list` gives every object that was there when it began and was not deleted meanwhile, once, in
 *    ascending order of the bytes of its key in UTF-8 ({@link compareObjectKeys}); nothing unfinished is ever
 *    in it, and nothing that is kept by others under names that are no keys.
 * 7. Every error is an {@link ObjectStoreError}, which says what kind it is, but for `OBJECT_KEY_INVALID`,
 *    `PACKAGE_MISSING`, those of a secret (`SECRET_MISSING` and its like), the signal's reason, and what a body
 *    throws, which is passed on as it is.
 * 8. A range that begins at or after the end, or ends where it begins, is empty; one that ends before it
 *    begins, or has a negative or broken offset, is `invalid`. Whether `a` and `a/b` can both be objects is the
 *    store's affair: where they cannot, the second `put` is `invalid`.
 * 9. A write leaves nothing behind when it fails. What a killed process has left is in nobody's way, and
 *    `sweep` removes it; a write that is under way in this process is never swept.
 */
export interface ObjectStore {
  /** Names the place, for messages and manifests: a URL without credentials. */
  readonly url: string;
  readonly properties: ObjectStoreProperties;

  /** Writes an object. */
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<ObjectInfo>;
  /** Reads an object. Errors come with the first read, `OBJECT_MISSING` among them. */
  get(key: string, options?: GetOptions): AsyncIterable<Uint8Array>;
  /** What is there under a key; undefined when nothing is. */
  head(key: string, options?: { readonly signal?: AbortSignal }): Promise<ObjectInfo | undefined>;
  /** The objects whose key begins with a text; '' for all. Lazy. */
  list(prefix: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<ObjectInfo>;
  /** Removes an object. Nothing there is no error. */
  delete(key: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Copies within the store. Absent where the store cannot do it without the bytes passing through. */
  copy?(from: string, to: string, options?: PutOptions): Promise<ObjectInfo>;
  /** Until when an object is kept; undefined when it may go at any time. There exactly where `retention` is true. */
  retainedUntil?(
    key: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<EpochMs | undefined>;
  /** Removes what killed processes have left of their writes. Absent where such writes leave nothing. */
  sweep?(options?: SweepOptions): Promise<SweepReport>;
  /** How many bytes can still be written. Absent, or undefined, where the store cannot tell. */
  freeBytes?(): Promise<number | undefined>;
  /** Frees what the store opened itself. Idempotent. */
  close(): Promise<void>;
}

/**
 * What is wrong, as the adapter judges it. Only `unavailable` is worth trying again.
 * - `missing`: nothing under that key; `exists`: the key is taken; `denied`: no right to;
 * - `full`: no space or quota left; `incomplete`: the store has not what was sent;
 * - `invalid`: the request can never work; `unavailable`: may work later.
 */
export type ObjectStoreProblem =
  | 'missing'
  | 'exists'
  | 'denied'
  | 'full'
  | 'incomplete'
  | 'invalid'
  | 'unavailable';

const CODES: { readonly [problem in ObjectStoreProblem]: string } = {
  missing: 'OBJECT_MISSING',
  exists: 'OBJECT_EXISTS',
  denied: 'OBJECT_STORE_DENIED',
  full: 'OBJECT_STORE_FULL',
  incomplete: 'OBJECT_INCOMPLETE',
  invalid: 'OBJECT_STORE_INVALID',
  unavailable: 'OBJECT_STORE_UNAVAILABLE',
};

const HINTS: { readonly [problem in ObjectStoreProblem]: string } = {
  missing: 'Check the key; list the store to see what is there.',
  exists: 'Nothing was overwritten. Choose another key, or write without ifAbsent.',
  denied: 'Give this process the right to the place, or choose another place.',
  full: 'Make room or choose a larger place; nothing was published under the key.',
  incomplete:
    'The store did not keep what was sent; nothing was published. Check the place itself.',
  invalid: 'Check how the store was configured.',
  unavailable: 'Try again; check that the place can be reached.',
};

/** An error of an object store, with the adapter's verdict on it. */
export class ObjectStoreError extends HoldfastError {
  readonly problem: ObjectStoreProblem;

  constructor(
    problem: ObjectStoreProblem,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly hint?: string;
      readonly context?: { readonly [key: string]: JsonValue };
    } = {},
  ) {
    super(CODES[problem], message, {
      hint: options.hint ?? HINTS[problem],
      retryable: problem === 'unavailable' || problem === 'incomplete',
      ...('cause' in options ? { cause: options.cause } : {}),
      ...(options.context === undefined ? {} : { context: options.context }),
    });
    this.name = 'ObjectStoreError';
    this.problem = problem;
  }
}

/** What kind of problem an error is; undefined when it comes from no object store. */
export function objectStoreProblem(error: unknown): ObjectStoreProblem | undefined {
  return isHoldfastError(error) && 'problem' in error
    ? (error as ObjectStoreError).problem
    : undefined;
}
