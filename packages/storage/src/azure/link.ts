import type * as AzureBlob from '@azure/storage-blob';
import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { loadPackage } from '../remote/load-package.ts';
import { SecretValues } from '../remote/secret-values.ts';
import { atOnce } from '../waiting/at-once.ts';
import { Watch } from '../waiting/watch.ts';
import type { AzureSettings } from './options.ts';
import { asStoreError } from './problems.ts';

/** Secrets are read again after this time: they may have been rotated. */
const SECRETS_MS = 5 * 60 * 1000;

/** How a request is told to stop, and tells that something happens to it. */
export interface RequestCare {
  readonly abortSignal: AbortSignal;
  /** The service has taken or said something. */
  alive(): void;
}

type Request<T> = (container: ContainerClient, care: RequestCare) => Promise<T>;
type Sdk = typeof AzureBlob;

/** A container as its secrets were at a time. */
interface Opened {
  readonly container: Promise<ContainerClient>;
  readonly at: number;
}

/** The way to a container: loads the SDK with the first request, and says what its errors mean. */
export class AzureLink {
  readonly #settings: AzureSettings;
  readonly #secrets: SecretValues;
  #opened: Opened | undefined;

  constructor(settings: AzureSettings) {
    this.#settings = settings;
    this.#secrets = new SecretValues(settings.options.resolvers);
  }

  /** Makes a request; one that the service lets hang fails. @param what to follow 'Cannot' */
  async call<T>(what: string, signal: AbortSignal | undefined, request: Request<T>): Promise<T> {
    signal?.throwIfAborted();
    const container = await this.container();
    const { clock, idleMs } = this.#settings;
    const watch = new Watch(clock, idleMs, `The request to ${what}`, signal);
    const care = { abortSignal: watch.signal, alive: () => watch.start() };
    watch.start();
    try {
      return await atOnce(watch.signal, request(container, care));
    } catch (error) {
      if (watch.signal.aborted) throw watch.signal.reason;
      throw this.storeError(error, what);
    } finally {
      watch.release();
    }
  }

  /** What an error means that a stream has thrown. */
  storeError(error: unknown, what: string): Error {
    return asStoreError(error, what, (text) => this.#secrets.scrub(text));
  }

  /** The container, with secrets that are no older than five minutes. */
  container(): Promise<ContainerClient> {
    const now = Date.now();
    if (this.#opened === undefined || Math.abs(now - this.#opened.at) > SECRETS_MS) {
      const container = this.#open().catch((error: unknown) => {
        this.#opened = undefined;
        throw error;
      });
      this.#opened = { container, at: now };
    }
    return this.#opened.container;
  }

  async #open(): Promise<ContainerClient> {
    const sdk = await loadPackage(
      '@azure/storage-blob',
      'azureObjectStore',
      () => import('@azure/storage-blob'),
    );
    const { endpoint, options, attempts } = this.#settings;
    const url = `${endpoint}/${options.container}`;
    const pipeline: StoragePipelineOptions = {
      retryOptions: { maxTries: attempts, retryDelayInMs: 300, maxRetryDelayInMs: 10_000 },
    };
    return this.#client(sdk, url, pipeline);
  }

  async #client(sdk: Sdk, url: string, pipeline: StoragePipelineOptions): Promise<ContainerClient> {
    const { account, credential } = this.#settings.options;
    if (credential === undefined) {
      return new sdk.ContainerClient(url, new sdk.AnonymousCredential(), pipeline);
    }
    if ('accountKey' in credential) {
      const key = await this.#secrets.read(credential.accountKey);
      return new sdk.ContainerClient(
        url,
        new sdk.StorageSharedKeyCredential(account, key),
        pipeline,
      );
    }
    if ('sas' in credential) {
      const sas = (await this.#secrets.read(credential.sas)).replace(/^\?/, '');
      this.#secrets.hide(new URLSearchParams(sas).get('sig') ?? '');
      return new sdk.ContainerClient(`${url}?${sas}`, new sdk.AnonymousCredential(), pipeline);
    }
    return new sdk.ContainerClient(url, credential, pipeline);
  }
}
