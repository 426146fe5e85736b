import { checkObjectKey, HoldfastError, MAX_KEY_BYTES, ObjectStoreError } from '@holdfast/core';
import type { EpochMs, ObjectInfo } from '@holdfast/core';
import { AzureLink } from './link.ts';
import type { AzureSettings } from './options.ts';

/** Marks which write a blob is of: by it a write whose answer was lost is recognised. */
const WRITE_MARK = 'holdfastwrite';

/** What the service tells of one blob. */
export interface AzureObject extends ObjectInfo {
  /** Which write it is of; undefined when it was put there by something else. */
  readonly writtenBy: string | undefined;
  readonly retainUntil: EpochMs | undefined;
}

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

/** Times have whole seconds, as the service tells them. */
export function wholeSeconds(time: Date | undefined): EpochMs {
  return Math.floor((time?.getTime() ?? 0) / 1000) * 1000;
}

/** A container, and where in it the blobs of a store are. */
export class AzurePlace {
  readonly url: string;
  readonly link: AzureLink;
  readonly settings: AzureSettings;

  constructor(settings: AzureSettings) {
    this.settings = settings;
    this.link = new AzureLink(settings);
    this.url = urlOf(settings);
  }

  /** The name of a blob in the container. */
  nameOf(key: string): string {
    checkObjectKey(key);
    const name = this.settings.prefix + key;
    if (Buffer.byteLength(name) <= MAX_KEY_BYTES) return name;
    throw new HoldfastError(
      'OBJECT_KEY_INVALID',
      `The object key '${key}' is longer than ${MAX_KEY_BYTES} bytes behind the prefix of ${this.url}.`,
      { hint: 'Use a shorter key or prefix.', retryable: false, context: { key } },
    );
  }

  /** The key of a blob by its name in the container. */
  keyOf(name: string): string {
    return name.slice(this.settings.prefix.length);
  }

  /** What is under a key; undefined when nothing is. */
  async look(key: string, signal: AbortSignal | undefined): Promise<AzureObject | undefined> {
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

  /** @throws `OBJECT_MISSING` */
  missing(key: string, cause?: unknown): never {
    throw new ObjectStoreError('missing', `There is no object '${key}' in ${this.url}.`, {
      context: { key },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
