import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { JsonValue } from '../model/json.ts';
import type { EpochMs } from '../model/state.ts';

/** What can be written: bytes, or a stream of them whose size need not be known. */
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
  /** Gives the write up; nothing stays under the key. */
  readonly signal?: AbortSignal;
}

/** Which part of an object is read, and what stops it. */
export interface GetOptions {
  /** Offset of the first byte. Default 0. */
  readonly start?: number;
  /** Offset after the last byte. Default: the end. Beyond the end is the end. */
  readonly end?: number;
  readonly signal?: AbortSignal;
}

/** What an adapter can do. The contract suite tests what is claimed, and that the rest is refused. */
export interface ObjectStoreProperties {
  /** `ifAbsent` is decided by the store itself, also between two machines. */
  readonly ifAbsent: boolean;
  /** `copy` runs on the service's side. */
  readonly serverSideCopy: boolean;
  /** The largest object, in bytes. */
  readonly maxObjectBytes: number;
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
 * 4. Backpressure: a body is read no faster than it is written, a `get` no faster than it is consumed.
 * 5. A `get` that is given up, by its signal or by leaving the loop, frees what it held. One that breaks
 *    half way throws; it never ends early as if it were whole. An aborted call throws the signal's reason at
 *    once, also while a body hangs; the body is closed then.
 * 6. `list` gives every object that was there when it began and was not deleted meanwhile, once, in
 *    ascending order of its key's UTF-16 code units; nothing unfinished is ever in it.
 * 7. Every error is an {@link ObjectStoreError}, which says what kind it is, but for `OBJECT_KEY_INVALID`,
 *    the signal's reason, and what a body throws, which is passed on as it is.
 * 8. A range that begins at or after the end, or ends where it begins, is empty; one that ends before it
 *    begins, or has a negative or broken offset, is `invalid`. Whether `a` and `a/b` can both be objects is the
 *    store's affair: where they cannot, the second `put` is `invalid`.
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
  delete(key: string): Promise<void>;
  /** Copies within the store. Absent where the store cannot do it without the bytes passing through. */
  copy?(from: string, to: string, options?: PutOptions): Promise<ObjectInfo>;
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
