import type { Clock } from '../../clock/clock.ts';
import { systemClock } from '../../clock/system-clock.ts';
import type { EpochMs } from '../../model/state.ts';
import { bodyChunks } from '../object-body.ts';
import { checkObjectKey, checkObjectPrefix } from '../object-key.ts';
import { compareObjectKeys } from '../object-key-order.ts';
import { checkRange, rangeWithin } from '../object-range.ts';
import { ObjectStoreError } from '../object-store.ts';
import type { GetOptions, ObjectInfo, ObjectStore, PutOptions } from '../object-store.ts';

/** How a memory object store is made. */
export interface MemoryObjectStoreOptions {
  /** Names the store in messages: its URL is `memory:<name>`. Default 'objects'. */
  readonly name?: string;
  /**
   * How many bytes fit, unfinished writes included; a write beyond it fails with `OBJECT_STORE_FULL`.
   * As on a disk, an object is replaced by one that has found room beside it. Default: no limit.
   */
  readonly capacity?: number;
  /** Gives `modifiedAt`. Default: the system's clock. */
  readonly clock?: Clock;
}

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedAt: EpochMs;
  readonly retainUntil: EpochMs | undefined;
}

type Signalled = { readonly signal?: AbortSignal };

/** The most that one read hands out, in bytes. */
const READ_BYTES = 1024 * 1024;

/** Keeps count of the room: stored objects and unfinished writes alike. */
function memoryRoom(url: string, capacity: number | undefined) {
  let used = 0;
  return {
    take(key: string, bytes: number): void {
      if (capacity !== undefined && used + bytes > capacity) {
        throw new ObjectStoreError(
          'full',
          `No room for '${key}' in ${url}: ${used} of ${capacity} bytes are taken.`,
          { context: { key, capacity, used } },
        );
      }
      used += bytes;
    },
    give(bytes: number): void {
      used -= bytes;
    },
    free: (): number | undefined => (capacity === undefined ? undefined : capacity - used),
  };
}

type Room = ReturnType<typeof memoryRoom>;

async function collect(
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  room: Room,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let taken = 0;
  try {
    for await (const chunk of chunks) {
      room.take(key, chunk.byteLength);
      taken += chunk.byteLength;
      parts.push(Uint8Array.from(chunk));
    }
  } catch (error) {
    room.give(taken);
    throw error;
  }
  return Buffer.concat(parts, taken);
}

class MemoryObjectStore implements ObjectStore {
  readonly url: string;
  readonly properties = {
    ifAbsent: true,
    serverSideCopy: true,
    maxObjectBytes: Number.MAX_SAFE_INTEGER,
    retention: true,
  } as const;
  readonly #objects = new Map<string, StoredObject>();
  readonly #room: Room;
  readonly #clock: Clock;

  constructor(options: MemoryObjectStoreOptions) {
    this.url = `memory:${encodeURIComponent(options.name ?? 'objects')}`;
    this.#room = memoryRoom(this.url, options.capacity);
    this.#clock = options.clock ?? systemClock;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: PutOptions = {},
  ): Promise<ObjectInfo> {
    checkObjectKey(key);
    this.#refuse(key, options);
    const bytes = await collect(key, bodyChunks(body, options.signal), this.#room);
    try {
      options.signal?.throwIfAborted();
      this.#refuse(key, options);
    } catch (error) {
      this.#room.give(bytes.byteLength);
      throw error;
    }
    this.#room.give(this.#objects.get(key)?.bytes.byteLength ?? 0);
    const { retainUntil } = options;
    this.#objects.set(key, { bytes, modifiedAt: this.#clock.now(), retainUntil });
    return this.#info(key) as ObjectInfo;
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    checkObjectKey(key);
    checkRange(key, options);
    options.signal?.throwIfAborted();
    const { bytes } = this.#objects.get(key) ?? this.#missing(key);
    const { start, end } = rangeWithin(bytes.byteLength, options);
    for (let at = start; at < end; at += READ_BYTES) {
      yield Uint8Array.from(bytes.subarray(at, Math.min(at + READ_BYTES, end)));
      options.signal?.throwIfAborted();
    }
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    return this.#info(key);
  }

  async *list(
    prefix: string,
    options: Signalled = {},
  ): AsyncGenerator<ObjectInfo, void, undefined> {
    checkObjectPrefix(prefix);
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys.toSorted(compareObjectKeys)) {
      options.signal?.throwIfAborted();
      const info = this.#info(key);
      if (info !== undefined) yield info;
    }
    options.signal?.throwIfAborted();
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    this.#refuseRetained(key);
    this.#room.give(this.#objects.get(key)?.bytes.byteLength ?? 0);
    this.#objects.delete(key);
  }

  async copy(from: string, to: string, options: PutOptions = {}): Promise<ObjectInfo> {
    checkObjectKey(from);
    const { bytes } = this.#objects.get(from) ?? this.#missing(from);
    return this.put(to, bytes, options);
  }

  async retainedUntil(key: string, options: Signalled = {}): Promise<EpochMs | undefined> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    return (this.#objects.get(key) ?? this.#missing(key)).retainUntil;
  }

  async freeBytes(): Promise<number | undefined> {
    return this.#room.free();
  }

  async close(): Promise<void> {}

  #info(key: string): ObjectInfo | undefined {
    const stored = this.#objects.get(key);
    return stored && { key, bytes: stored.bytes.byteLength, modifiedAt: stored.modifiedAt };
  }

  #missing(key: string): never {
    throw new ObjectStoreError('missing', `There is no object '${key}' in ${this.url}.`, {
      context: { key },
    });
  }

  /** Says no to a write that must not be. */
  #refuse(key: string, { ifAbsent = false, retainUntil }: PutOptions): void {
    if (retainUntil !== undefined && !(retainUntil > this.#clock.now())) {
      throw new ObjectStoreError('invalid', `'${key}' cannot be kept until a time that is past.`, {
        hint: 'Give a time in the future, in milliseconds since 1970.',
        context: { key },
      });
    }
    if (ifAbsent && this.#objects.has(key)) {
      throw new ObjectStoreError('exists', `There is an object '${key}' in ${this.url} already.`, {
        context: { key },
      });
    }
    this.#refuseRetained(key);
  }

  #refuseRetained(key: string): void {
    const until = this.#objects.get(key)?.retainUntil ?? 0;
    if (until <= this.#clock.now()) return;
    const time = new Date(until).toISOString();
    throw new ObjectStoreError('denied', `'${key}' in ${this.url} is kept until ${time}.`, {
      hint: 'Wait until then: nobody can take it away before.',
      context: { key, until },
    });
  }
}

/**
 * An object store in this process's memory: for tests, examples and small things that may be lost.
 * It keeps every promise of the port but durability: its objects end with the process.
 *
 * Bytes are copied on the way in and out, so that nobody's buffer is shared. A `get` reads the object
 * as it was when the first chunk was asked for, a `list` the keys as they were then. While an object is kept
 * (`retainUntil`), replacing and deleting it is refused with `OBJECT_STORE_DENIED`.
 *
 * @throws `OBJECT_STORE_INVALID` when the capacity is no whole number of bytes
 */
export function memoryObjectStore(options: MemoryObjectStoreOptions = {}): ObjectStore {
  const { capacity } = options;
  if (capacity !== undefined && !(Number.isSafeInteger(capacity) && capacity >= 0)) {
    throw new ObjectStoreError('invalid', `${capacity} is no capacity for an object store.`, {
      hint: 'Give the capacity as a whole number of bytes, 0 or more, or leave it out.',
    });
  }
  return new MemoryObjectStore(options);
}
