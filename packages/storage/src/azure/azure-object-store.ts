import { MAX_KEY_BYTES } from '@holdfast/core';
import type {
  EpochMs,
  GetOptions,
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  ObjectStoreProperties,
  PutOptions,
} from '@holdfast/core';
import { missingObject } from '../remote/remote-place.ts';
import { listObjects } from './list.ts';
import { azureSettings } from './options.ts';
import type { AzureObjectStoreOptions } from './options.ts';
import { AzurePlace } from './place.ts';
import { putObject } from './put.ts';
import { readObject } from './read.ts';

type Signalled = { readonly signal?: AbortSignal };

class AzureObjectStore implements ObjectStore {
  readonly url: string;
  readonly properties: ObjectStoreProperties;
  readonly retainedUntil?: NonNullable<ObjectStore['retainedUntil']>;
  readonly #place: AzurePlace;

  constructor(options: AzureObjectStoreOptions) {
    const settings = azureSettings(options);
    this.#place = new AzurePlace(settings);
    this.url = this.#place.url;
    this.properties = {
      ifAbsent: true,
      serverSideCopy: false,
      maxObjectBytes: settings.plan.maxBytes,
      atomic: true,
      retention: options.immutability !== undefined,
      maxKeyBytes: MAX_KEY_BYTES - Buffer.byteLength(settings.prefix),
    };
    if (options.immutability !== undefined) {
      this.retainedUntil = (key, given) => this.#retainedUntil(key, given);
    }
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    return putObject(this.#place, key, body, options);
  }

  get(key: string, options: GetOptions = {}): AsyncIterable<Uint8Array> {
    return readObject(this.#place, key, options);
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    const there = await this.#place.look(key, options.signal);
    return there && { key, bytes: there.bytes, modifiedAt: there.modifiedAt };
  }

  list(prefix: string, options: Signalled = {}): AsyncIterable<ObjectInfo> {
    return listObjects(this.#place, prefix, options.signal);
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    await this.#place.remove(key, options.signal);
  }

  async close(): Promise<void> {}

  async #retainedUntil(key: string, options: Signalled = {}): Promise<EpochMs | undefined> {
    const there = await this.#place.look(key, options.signal);
    return (there ?? missingObject(this.#place, key)).retainUntil;
  }
}

/**
 * An object store in a container of Azure Blob Storage, of block blobs. The package `@azure/storage-blob` has to be
 * installed beside this one; it is loaded with the first call.
 *
 * - **Sent in blocks.** What is larger than `partBytes` is sent in blocks, some at once, and copied into memory for it:
 *   at most `concurrency` + 1 blocks. They are of `partBytes` up to 58 GiB, and grow so that 5 TiB fit.
 * - **A write that fails** shows nothing. Its blocks cannot be taken back: the service forgets them after a week, or with
 *   the next write of the object. So there is nothing to `sweep`.
 * - **Two writes in blocks of one object** that meet: the one that ends first discards the blocks of the other, which fails
 *   with `OBJECT_STORE_UNAVAILABLE`.
 * - **A lost answer** is no failure: a blob carries the mark of its write (metadata `holdfastwrite`) by which it is
 *   recognised. A `put` that is aborted while it is published may still be done.
 * - **`ifAbsent`** is `If-None-Match`, decided by the service. Every body is sent with its MD5, which it compares.
 * - **No copies** within the service: of those that are atomic it offers none above 256 MiB.
 * - **An account with a hierarchical namespace** lists in another order, and is refused when it does.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `OBJECT_KEY_INVALID` for the prefix
 */
export function azureObjectStore(options: AzureObjectStoreOptions): ObjectStore {
  return new AzureObjectStore(options);
}
