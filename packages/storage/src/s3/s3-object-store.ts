import { MAX_KEY_BYTES } from '@holdfast/core';
import type {
  EpochMs,
  GetOptions,
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  ObjectStoreProperties,
  PutOptions,
  SweepOptions,
  SweepReport,
} from '@holdfast/core';
import { missingObject } from '../remote/remote-place.ts';
import { copyObject } from './copy.ts';
import { listObjects } from './list.ts';
import { s3Settings } from './options.ts';
import type { S3ObjectStoreOptions, S3Settings } from './options.ts';
import { S3Place } from './place.ts';
import { putObject } from './put.ts';
import { readObject } from './read.ts';
import { sweepUploads } from './sweep.ts';
import { Uploads } from './uploads.ts';

type Signalled = { readonly signal?: AbortSignal };

const IF_ABSENT = { conditional: true, looks: 'looks', refused: false } as const;

function propertiesOf({ ifAbsent, plan, options, prefix }: S3Settings): ObjectStoreProperties {
  return {
    ifAbsent: IF_ABSENT[ifAbsent],
    serverSideCopy: true,
    maxObjectBytes: plan.maxBytes,
    atomic: true,
    retention: options.objectLock !== undefined,
    maxKeyBytes: MAX_KEY_BYTES - Buffer.byteLength(prefix),
  };
}

class S3ObjectStore implements ObjectStore {
  readonly url: string;
  readonly properties: ObjectStoreProperties;
  readonly retainedUntil?: NonNullable<ObjectStore['retainedUntil']>;
  readonly #place: S3Place;
  readonly #uploads: Uploads;

  constructor(options: S3ObjectStoreOptions) {
    const settings = s3Settings(options);
    this.#place = new S3Place(settings);
    this.#uploads = new Uploads(this.#place);
    this.url = this.#place.url;
    this.properties = propertiesOf(settings);
    if (options.objectLock !== undefined) {
      this.retainedUntil = (key, given) => this.#retainedUntil(key, given);
    }
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    return putObject(this.#place, this.#uploads, key, body, options);
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

  async copy(from: string, to: string, options: PutOptions = {}): Promise<ObjectInfo> {
    return copyObject(this.#place, this.#uploads, from, to, options);
  }

  async sweep(options: SweepOptions = {}): Promise<SweepReport> {
    options.signal?.throwIfAborted();
    await this.#uploads.abortLeft();
    return sweepUploads(this.#place, options);
  }

  async close(): Promise<void> {
    await this.#uploads.abortLeft();
    await this.#place.link.close();
  }

  async #retainedUntil(key: string, options: Signalled = {}): Promise<EpochMs | undefined> {
    const there = await this.#place.look(key, options.signal);
    return (there ?? missingObject(this.#place, key)).retainUntil;
  }
}

/**
 * An object store in a bucket of Amazon S3, or of a service that speaks its protocol. The package `@aws-sdk/client-s3`
 * has to be installed beside this one; it is loaded with the first call.
 *
 * - **Sent in parts.** What is larger than `partBytes` is sent in parts, some at once, and copied into memory for it:
 *   at most `concurrency` + 1 parts. Parts grow with the object, so that 5 TiB fit: they are of `partBytes` up to 1,500
 *   of them (12 GiB), of 160 MiB at 100 GiB, of 1.2 GiB at the end.
 * - **Nothing is left** by a write that fails: its upload is aborted, again with the next write or `close` when the
 *   service cannot be reached. What a killed process leaves is found by `sweep`; a lifecycle rule of the bucket
 *   (AbortIncompleteMultipartUpload) does the same.
 * - **A lost answer** is no failure: an object carries the mark of its write (metadata `holdfast-write`) by which it is
 *   recognised. A `put` that is aborted while it is published may still be done.
 * - **`ifAbsent`** is `If-None-Match`. Whether a service other than AWS honours it is tried out before it is relied upon,
 *   under the name `.holdfast-probe`; one that does not is refused, see {@link S3ObjectStoreOptions.ifAbsent}.
 * - **Copies** run within the service, above `copyBytes` in parts.
 * - **In a bucket with versions** `delete` and a replacing `put` leave older versions to the bucket's rules.
 * - A key that is not there is told from one that may not be seen only with the right to list the bucket.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `OBJECT_KEY_INVALID` for the prefix
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  return new S3ObjectStore(options);
}
