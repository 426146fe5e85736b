import { ObjectStoreError } from '@holdfast/core';
import { remoteName, wholeSeconds } from '../remote/remote-place.ts';
import type { RemoteObject } from '../remote/remote-place.ts';
import type { Retention, WritablePlace } from '../remote/remote-write.ts';
import { S3Link } from './link.ts';
import type { S3Settings } from './options.ts';
import { ConditionProof } from './prove-conditions.ts';

/** Marks which write an object is of: by it a write whose answer was lost is recognised. */
const WRITE_MARK = 'holdfast-write';

/** What the service tells of one object. */
export interface S3Object extends RemoteObject {
  readonly etag: string | undefined;
  readonly contentType: string | undefined;
}

type Signal = AbortSignal | undefined;

function urlOf({ options, region }: S3Settings): string {
  const url = new URL(`s3://${options.bucket}`);
  if (options.prefix !== undefined && options.prefix !== '') url.pathname = `/${options.prefix}`;
  if (region !== undefined) url.searchParams.set('region', region);
  if (options.endpoint !== undefined) url.searchParams.set('endpoint', options.endpoint);
  return url.href;
}

/** The metadata of an object that a write makes. */
export function markOf(write: string): Record<string, string> {
  return { [WRITE_MARK]: write };
}

function retentionOf({ options }: S3Settings): Retention {
  const lacking = {
    option: 'objectLock',
    hint: "Open the store with { objectLock: 'governance' }, on a bucket with Object Lock.",
  };
  return {
    lacking: options.objectLock === undefined ? lacking : undefined,
    notKept: 'Enable Object Lock for the bucket, or use a service that has it.',
  };
}

/** A bucket, and where in it the objects of a store are. */
export class S3Place implements WritablePlace {
  readonly url: string;
  readonly link: S3Link;
  readonly settings: S3Settings;
  readonly conditions: ConditionProof;
  readonly retention: Retention;
  readonly takesIfAbsent: boolean;
  readonly keepsMarks = false;
  /** Whether the bucket has been seen: then what is not found is not there. */
  #seen: Promise<void> | undefined;

  constructor(settings: S3Settings) {
    this.settings = settings;
    this.link = new S3Link(settings);
    this.url = urlOf(settings);
    this.retention = retentionOf(settings);
    this.takesIfAbsent = settings.ifAbsent !== 'refused';
    this.conditions = new ConditionProof(this);
  }

  get bucket(): string {
    return this.link.bucket;
  }

  /** The bucket, and the name of an object in it, as requests take them. */
  target(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: remoteName(this, key) };
  }

  /** The name of an object of the adapter's own, which is none of the store's. */
  internal(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.bucket, Key: this.settings.prefix + name };
  }

  /** The key of an object by its name in the bucket. */
  keyOf(name: string): string {
    return name.slice(this.settings.prefix.length);
  }

  /** What is under a key; undefined when nothing is. */
  async look(key: string, signal: Signal): Promise<S3Object | undefined> {
    const target = this.target(key);
    try {
      const output = await this.link.call(
        `look at '${key}' in ${this.url}`,
        signal,
        (s3, options) => s3.headObject(target, options),
      );
      return {
        key,
        bytes: output.ContentLength ?? 0,
        modifiedAt: wholeSeconds(output.LastModified),
        etag: output.ETag,
        writtenBy: output.Metadata?.[WRITE_MARK],
        retainUntil: output.ObjectLockRetainUntilDate?.getTime(),
        contentType: output.ContentType,
      };
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.problem !== 'missing') throw error;
      await this.#seeBucket(signal);
      return undefined;
    }
  }

  async remove(key: string, signal: Signal): Promise<void> {
    const target = this.target(key);
    try {
      await this.link.call(`delete '${key}' in ${this.url}`, signal, (s3, options) =>
        s3.deleteObject(target, options),
      );
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.problem !== 'missing') throw error;
    }
  }

  storeError(error: unknown, what: string): Error {
    return this.link.storeError(error, what);
  }

  /**
   * Finds out once that the bucket is there: when a service is asked for what is not there, its answer is the same
   * without a bucket, and an unknown bucket must not look like an empty one.
   */
  async #seeBucket(signal: Signal): Promise<void> {
    this.#seen ??= this.link
      .call(`find the bucket of ${this.url}`, signal, async (s3, options) => {
        await s3.headBucket({ Bucket: this.bucket }, options);
      })
      .catch((error: unknown) => {
        const problem = error instanceof ObjectStoreError ? error.problem : undefined;
        // Who may use a bucket's objects need not have the right to look at the bucket.
        if (problem === 'denied') return;
        this.#seen = undefined;
        if (problem !== 'missing') throw error;
        throw new ObjectStoreError(
          'invalid',
          `There is no bucket '${this.bucket}' at ${this.url}.`,
          {
            hint: 'Create the bucket, or correct its name or its region.',
            cause: error,
          },
        );
      });
    await this.#seen;
  }
}
