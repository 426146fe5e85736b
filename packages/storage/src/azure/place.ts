import { ObjectStoreError } from '@holdfast/core';
import { remoteName, wholeSeconds } from '../remote/remote-place.ts';
import type { RemoteObject } from '../remote/remote-place.ts';
import type { Retention, WritablePlace } from '../remote/remote-write.ts';
import { AzureLink } from './link.ts';
import type { AzureSettings } from './options.ts';

/** Marks which write a blob is of: by it a write whose answer was lost is recognised. */
const WRITE_MARK = 'holdfastwrite';

function urlOf({ options, prefix }: AzureSettings): string {
  const { account, container, endpoint } = options;
  const url = new URL(`azure://${account}/${container}/${prefix}`.replace(/\/$/, ''));
  if (endpoint !== undefined) url.searchParams.set('endpoint', endpoint);
  return url.href;
}

/** The metadata of a blob that a write makes. */
export function markOf(write: string): Record<string, string> {
  return { [WRITE_MARK]: write };
}

function retentionOf({ options }: AzureSettings): Retention {
  const lacking = {
    option: 'immutability',
    hint: "Open the store with { immutability: 'unlocked' }, on a container that has it.",
  };
  return {
    lacking: options.immutability === undefined ? lacking : undefined,
    notKept: 'Enable version-level immutability for the container.',
  };
}

/** A container, and where in it the blobs of a store are. */
export class AzurePlace implements WritablePlace {
  readonly url: string;
  readonly link: AzureLink;
  readonly settings: AzureSettings;
  readonly retention: Retention;
  readonly takesIfAbsent = true;
  readonly keepsMarks = true;

  constructor(settings: AzureSettings) {
    this.settings = settings;
    this.link = new AzureLink(settings);
    this.url = urlOf(settings);
    this.retention = retentionOf(settings);
  }

  /** The name of a blob in the container. */
  nameOf(key: string): string {
    return remoteName(this, key);
  }

  /** The key of a blob by its name in the container. */
  keyOf(name: string): string {
    return name.slice(this.settings.prefix.length);
  }

  /** What is under a key; undefined when nothing is. */
  async look(key: string, signal: AbortSignal | undefined): Promise<RemoteObject | undefined> {
    const name = this.nameOf(key);
    const what = `look at '${key}' in ${this.url}`;
    try {
      const found = await this.link.call(what, signal, (container, { abortSignal }) =>
        container.getBlobClient(name).getProperties({ abortSignal }),
      );
      return {
        key,
        bytes: found.contentLength ?? 0,
        modifiedAt: wholeSeconds(found.lastModified),
        writtenBy: found.metadata?.[WRITE_MARK],
        retainUntil: found.immutabilityPolicyExpiresOn?.getTime(),
      };
    } catch (error) {
      if (error instanceof ObjectStoreError && error.problem === 'missing') return undefined;
      throw error;
    }
  }

  async remove(key: string, signal: AbortSignal | undefined): Promise<void> {
    const name = this.nameOf(key);
    try {
      await this.link.call(`delete '${key}' in ${this.url}`, signal, (container, { abortSignal }) =>
        container.getBlobClient(name).delete({ abortSignal, deleteSnapshots: 'include' }),
      );
    } catch (error) {
      if (!(error instanceof ObjectStoreError) || error.problem !== 'missing') throw error;
    }
  }

  storeError(error: unknown, what: string): Error {
    return this.link.storeError(error, what);
  }
}
