import type { GetObjectCommandOutput, S3, S3ClientConfig } from '@aws-sdk/client-s3';
import type { EpochMs } from '@holdfast/core';
import { loadPackage } from '../remote/load-package.ts';
import { SecretValues } from '../remote/secret-values.ts';
import { atOnce } from '../waiting/at-once.ts';
import type { S3Credentials, S3Settings } from './options.ts';
import { asStoreError } from './problems.ts';

/** How a request is told to stop. */
interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

type Request<T> = (s3: S3, options: SendOptions) => Promise<T>;

/** The SDK keeps credentials until five minutes before they expire: rotated secrets are found after as long. */
const CREDENTIALS_MS = 10 * 60 * 1000;

function credentialsProvider(credentials: S3Credentials, secrets: SecretValues) {
  return async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    return {
      accessKeyId: await secrets.read(accessKeyId),
      secretAccessKey: await secrets.read(secretAccessKey),
      ...(sessionToken && { sessionToken: await secrets.read(sessionToken) }),
      expiration: new Date(Date.now() + CREDENTIALS_MS),
    };
  };
}

type ChecksumSetting = NonNullable<S3ClientConfig['requestChecksumCalculation']>;

function clientConfig(settings: S3Settings, secrets: SecretValues): S3ClientConfig {
  const { endpoint, credentials } = settings.options;
  const checksums = `WHEN_${settings.checksums.toUpperCase()}` as ChecksumSetting;
  return {
    ...(settings.region !== undefined && { region: settings.region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials: credentialsProvider(credentials, secrets) }),
    forcePathStyle: settings.pathStyle,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    maxAttempts: settings.attempts,
  };
}

/** Two clients over the same connections. */
interface Clients {
  /** Ends requests on which nothing happens. */
  readonly calls: S3;
  /** Leaves that to its user: a read may well be slow because its reader is. */
  readonly reads: S3;
}

/** The way to a bucket: loads the SDK with the first request, and says what its errors mean. */
export class S3Link {
  readonly bucket: string;
  readonly #settings: S3Settings;
  readonly #secrets: SecretValues;
  #clients: Promise<Clients> | undefined;

  constructor(settings: S3Settings) {
    this.#settings = settings;
    this.#secrets = new SecretValues(settings.options.resolvers);
    this.bucket = settings.options.bucket;
  }

  /** @param what what is being done to what, to follow 'Cannot' */
  async call<T>(what: string, signal: AbortSignal | undefined, request: Request<T>): Promise<T> {
    signal?.throwIfAborted();
    const { calls } = await this.#open();
    return this.#guard(what, signal, calls, request);
  }

  async read(
    what: string,
    signal: AbortSignal,
    request: Request<GetObjectCommandOutput>,
  ): Promise<GetObjectCommandOutput> {
    signal.throwIfAborted();
    const { reads } = await this.#open();
    return this.#guard(what, signal, reads, request);
  }

  /** The time by the service's clock, as its last answer told it in whole seconds; before one, by this machine's. */
  async now(): Promise<EpochMs> {
    const { calls } = await this.#open();
    return Date.now() + calls.config.systemClockOffset;
  }

  /** What an error means that a stream has thrown. */
  storeError(error: unknown, what: string): Error {
    return asStoreError(error, what, (text) => this.#secrets.scrub(text));
  }

  async close(): Promise<void> {
    const opened = this.#clients;
    this.#clients = undefined;
    const clients = await opened?.catch(() => undefined);
    if (clients === undefined || this.#settings.options.agent !== undefined) return;
    clients.calls.destroy();
    clients.reads.destroy();
  }

  async #guard<T>(
    what: string,
    signal: AbortSignal | undefined,
    client: S3,
    request: Request<T>,
  ): Promise<T> {
    try {
      if (signal === undefined) return await request(client, {});
      return await atOnce(signal, request(client, { abortSignal: signal }));
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.storeError(error, what);
    }
  }

  #open(): Promise<Clients> {
    this.#clients ??= this.#make().catch((error: unknown) => {
      this.#clients = undefined;
      throw error;
    });
    return this.#clients;
  }

  async #make(): Promise<Clients> {
    const sdk = await loadPackage(
      '@aws-sdk/client-s3',
      's3ObjectStore',
      () => import('@aws-sdk/client-s3'),
    );
    const { agent } = this.#settings.options;
    const { connectMs: connectionTimeout, idleMs } = this.#settings;
    const config = clientConfig(this.#settings, this.#secrets);
    // One agent serves the protocol of its endpoint alone.
    const agents = agent === undefined ? {} : { httpAgent: agent, httpsAgent: agent as never };
    const make = (socketTimeout: number): S3 =>
      new sdk.S3({ ...config, requestHandler: { connectionTimeout, socketTimeout, ...agents } });
    return { calls: make(idleMs), reads: make(0) };
  }
}
