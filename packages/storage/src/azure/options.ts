import { checkObjectKey, durationMs, isSecret, systemClock } from '@holdfast/core';
import type { Clock, Duration, Secret, SecretResolvers } from '@holdfast/core';
import { OptionChecks } from '../remote/option-checks.ts';
import { growingParts } from '../remote/part-plan.ts';
import type { PartPlan } from '../remote/part-plan.ts';

/** Gives tokens of Microsoft Entra ID: what the classes of `@azure/identity` are. */
export interface AzureTokenCredential {
  /** A token for these scopes; null when there is none. */
  getToken(
    scopes: string | string[],
    options?: object,
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** By what requests are allowed: the key of the account, a shared access signature, or tokens. */
export type AzureCredential =
  | { readonly accountKey: Secret }
  /** The query of a shared access signature, with or without its question mark. */
  | { readonly sas: Secret }
  | AzureTokenCredential;

/** How an Azure object store is made. */
export interface AzureObjectStoreOptions {
  /** The name of the storage account. */
  readonly account: string;
  /** The name of the container, which has to be there. */
  readonly container: string;
  /** Keys begin behind this and a slash: 'backups/prod'. Default: the whole container. */
  readonly prefix?: string;
  /** The URL of the blob service. Default: 'https://<account>.blob.core.windows.net'. */
  readonly endpoint?: string;
  /** Secrets are read anew every five minutes. Default: none, for what is public. */
  readonly credential?: AzureCredential;
  /** Resolve secrets of other schemes than `env` and `file`. */
  readonly resolvers?: SecretResolvers;
  /**
   * Takes `retainUntil`, by an immutability policy of the blob in this mode; the container must have version-level
   * immutability. Default: `retainUntil` is refused.
   */
  readonly immutability?: 'unlocked' | 'locked';
  /** The size of a block, in bytes: 1 MiB to 4,000 MiB; blocks grow with an object. Default 8 MiB. */
  readonly partBytes?: number;
  /** How many blocks are sent at once, as long as they together are no larger than so many of `partBytes`. Default 4. */
  readonly concurrency?: number;
  /** How many objects one request lists: 1 to 5,000. Default 5,000. */
  readonly pageKeys?: number;
  /** How often the SDK makes a request before it fails. Default 3. */
  readonly attempts?: number;
  /** How long the service may say and take nothing before a request fails. Default 60 s. */
  readonly idleTimeout?: Duration;
  /** Measures the waits of idleTimeout. Default: the system's clock. */
  readonly clock?: Clock;
}

/** The options with their defaults. */
export interface AzureSettings {
  readonly options: AzureObjectStoreOptions;
  readonly endpoint: string;
  /** '' or with a slash at its end. */
  readonly prefix: string;
  readonly plan: PartPlan;
  readonly concurrency: number;
  readonly bytesUnderWay: number;
  readonly pageKeys: number;
  readonly attempts: number;
  readonly idleMs: number;
  readonly clock: Clock;
}

const MIB = 1024 ** 2;
const MOST_PART = 4000 * MIB;
/** What the service documents for block blobs; 5 TiB is what parts are made to grow to. */
const LIMITS = { maxParts: 50_000, maxPartBytes: MOST_PART, maxObjectBytes: 5 * 1024 ** 4 };

const checks = new OptionChecks('azureObjectStore');

const KNOWN: { readonly [option in keyof AzureObjectStoreOptions]-?: true } = {
  account: true,
  container: true,
  prefix: true,
  endpoint: true,
  credential: true,
  resolvers: true,
  immutability: true,
  partBytes: true,
  concurrency: true,
  pageKeys: true,
  attempts: true,
  idleTimeout: true,
  clock: true,
};

function checkName(name: 'account' | 'container', value: unknown): void {
  if (typeof value === 'string' && /^[a-z0-9$][a-z0-9-]*$/.test(value)) return;
  throw checks.invalid(
    `its ${name} is no name`,
    `Give the name of the ${name}: small letters and digits.`,
  );
}

function checkCredential(credential: AzureCredential): void {
  if ('accountKey' in credential && isSecret(credential.accountKey)) return;
  if ('sas' in credential && isSecret(credential.sas)) return;
  if ('getToken' in credential && typeof credential.getToken === 'function') return;
  throw checks.invalid(
    'its credential is none',
    "Give { accountKey: secret('env:AZURE_STORAGE_KEY') }, { sas: secret(…) }, or a credential of @azure/identity.",
  );
}

/** @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `OBJECT_KEY_INVALID` for the prefix */
export function azureSettings(options: AzureObjectStoreOptions): AzureSettings {
  checks.refuseUnknown(options, KNOWN);
  const { account, container, prefix = '', credential, immutability } = options;
  checkName('account', account);
  checkName('container', container);
  if (credential !== undefined) checkCredential(credential);
  if (immutability !== undefined && !['unlocked', 'locked'].includes(immutability)) {
    throw checks.invalid(`immutability is '${immutability}'`, "Give 'unlocked' or 'locked'.");
  }
  const partBytes = checks.wholeBetween('partBytes', options.partBytes ?? 8 * MIB, MIB, MOST_PART);
  const concurrency = checks.wholeBetween('concurrency', options.concurrency ?? 4, 1, 1000);
  return {
    options,
    endpoint: checks.endpoint(options.endpoint ?? `https://${account}.blob.core.windows.net`),
    prefix: prefix === '' ? '' : `${checkObjectKey(prefix)}/`,
    plan: growingParts(partBytes, LIMITS),
    concurrency,
    bytesUnderWay: concurrency * partBytes,
    pageKeys: checks.wholeBetween('pageKeys', options.pageKeys ?? 5000, 1, 5000),
    attempts: checks.wholeBetween('attempts', options.attempts ?? 3, 1, 100),
    idleMs: durationMs(options.idleTimeout ?? '60s', 'azureObjectStore: idleTimeout'),
    clock: options.clock ?? systemClock,
  };
}
