import type { Agent } from 'node:http';
import { checkObjectKey, durationMs, isSecret, systemClock } from '@holdfast/core';
import type { Clock, Duration, Secret, SecretResolvers } from '@holdfast/core';
import { OptionChecks } from '../remote/option-checks.ts';
import { growingParts, steadyParts } from '../remote/part-plan.ts';
import type { PartLimits, PartPlan } from '../remote/part-plan.ts';

/** The keys that requests are signed with. */
export interface S3Credentials {
  /** Names the key; no secret by itself. */
  readonly accessKeyId: string | Secret;
  readonly secretAccessKey: Secret;
  /** Of temporary credentials. */
  readonly sessionToken?: Secret;
}

/** How an S3 object store is made. What each service needs is told in docs/guide/object-stores.md. */
export interface S3ObjectStoreOptions {
  /** Its name; it has to be there. */
  readonly bucket: string;
  /** Keys begin behind this and a slash: 'backups/prod'. Default: the whole bucket. */
  readonly prefix?: string;
  /** Default: what the SDK finds (AWS_REGION, the profile), and 'us-east-1' with an endpoint. */
  readonly region?: string;
  /** The URL of a service other than AWS. */
  readonly endpoint?: string;
  /** The bucket stands in the path and not in the host name. Default: true with an endpoint, else false. */
  readonly pathStyle?: boolean;
  /**
   * Read anew every five minutes. Default: what the SDK finds in the environment, the profile, the role of the
   * machine or container.
   */
  readonly credentials?: S3Credentials;
  /** Resolve secrets of other schemes than `env` and `file`. */
  readonly resolvers?: SecretResolvers;
  /**
   * `'supported'`: CRC32 with every body, and what comes back is compared. `'required'`: only where the service
   * insists, for those that do not know these headers. Default: `'required'` with an endpoint, else `'supported'`.
   */
  readonly checksums?: 'supported' | 'required';
  /**
   * How `ifAbsent` is kept. `'conditional'` (default): by `If-None-Match`, decided by the service. `'looks'`: the store
   * looks for the key before it reads the body and before it publishes, for services that answer such requests with
   * 501; of two writers who meet both may win. `'refused'`: not at all.
   */
  readonly ifAbsent?: 'conditional' | 'looks' | 'refused';
  /**
   * Takes `retainUntil`, by Object Lock in this mode; the bucket must have it enabled. Default: `retainUntil` is
   * refused.
   */
  readonly objectLock?: 'governance' | 'compliance';
  /** The size of a part, in bytes: 5 MiB to 5 GiB. Default 8 MiB. */
  readonly partBytes?: number;
  /**
   * Whether parts grow with a large object, so that 5 TiB fit into 10,000 of them. Default true. False for services that
   * want parts of one size (R2): then an object has at most `maxParts` × `partBytes`.
   */
  readonly growParts?: boolean;
  /**
   * How many parts of an object the service takes: 1 to 10,000. Default 10,000; OpenStack Swift takes 1,000 unless its
   * `max_upload_part_num` says more. The fewer, the sooner parts grow, and with them the memory they take.
   */
  readonly maxParts?: number;
  /** How many parts are sent at once, as long as they together are no larger than so many of `partBytes`. Default 4. */
  readonly concurrency?: number;
  /** The most that is copied by one request, in bytes; more is copied in parts. Default 5 GiB. */
  readonly copyBytes?: number;
  /** How many objects one request lists: 1 to 1,000. Default 1,000; fewer bring the first ones sooner. */
  readonly pageKeys?: number;
  /** How often the SDK makes a request before it fails. Default 3. */
  readonly attempts?: number;
  /** How long a connection may take. Default 10 s. */
  readonly connectTimeout?: Duration;
  /** How long the service may say and take nothing before a request fails. Default 60 s. */
  readonly idleTimeout?: Duration;
  /** Measures the waits of a read; those of other requests are the SDK's. Default: the system's clock. */
  readonly clock?: Clock;
  /** Makes the connections: for a proxy, or certificates of one's own. Of the kind of the endpoint: `https.Agent` for https. Not closed. */
  readonly agent?: Agent;
}

/** The options with their defaults. */
export interface S3Settings {
  readonly options: S3ObjectStoreOptions;
  /** '' or with a slash at its end. */
  readonly prefix: string;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  readonly checksums: 'supported' | 'required';
  readonly ifAbsent: 'conditional' | 'looks' | 'refused';
  readonly plan: PartPlan;
  readonly concurrency: number;
  /** How many bytes of parts may be under way at once. */
  readonly bytesUnderWay: number;
  readonly copyBytes: number;
  readonly pageKeys: number;
  readonly attempts: number;
  readonly connectMs: number;
  readonly idleMs: number;
  readonly clock: Clock;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** What Amazon S3 documents; others follow. */
const LIMITS: PartLimits = {
  maxParts: 10_000,
  maxPartBytes: 5 * GIB,
  maxObjectBytes: 5 * 1024 * GIB,
};
const LEAST_PART = 5 * MIB;

const checks = new OptionChecks('s3ObjectStore');

const KNOWN: { readonly [option in keyof S3ObjectStoreOptions]-?: true } = {
  bucket: true,
  prefix: true,
  region: true,
  endpoint: true,
  pathStyle: true,
  credentials: true,
  resolvers: true,
  checksums: true,
  ifAbsent: true,
  objectLock: true,
  partBytes: true,
  growParts: true,
  maxParts: true,
  concurrency: true,
  copyBytes: true,
  pageKeys: true,
  attempts: true,
  connectTimeout: true,
  idleTimeout: true,
  clock: true,
  agent: true,
};

/** A key in the code ends in logs and repositories: it is asked for as a reference. */
function checkCredentials({ secretAccessKey, sessionToken }: S3Credentials): void {
  if (isSecret(secretAccessKey) && (sessionToken === undefined || isSecret(sessionToken))) return;
  throw checks.invalid(
    'the secrets of its credentials are no secrets',
    "Give references: { accessKeyId: 'AKIA…', secretAccessKey: secret('env:AWS_SECRET_ACCESS_KEY') }.",
  );
}

/** @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `OBJECT_KEY_INVALID` for the prefix */
export function s3Settings(options: S3ObjectStoreOptions): S3Settings {
  checks.refuseUnknown(options, KNOWN);
  const { bucket, prefix = '', endpoint, credentials, objectLock } = options;
  if (typeof bucket !== 'string' || bucket === '')
    throw checks.invalid('it has no bucket', 'Name one.');
  if (endpoint !== undefined) checks.endpoint(endpoint);
  if (credentials !== undefined) checkCredentials(credentials);
  if (objectLock !== undefined)
    checks.oneOf('objectLock', objectLock, ['governance', 'compliance']);
  const elsewhere = endpoint !== undefined;
  const checksums = options.checksums ?? (elsewhere ? 'required' : 'supported');
  const partBytes = checks.wholeBetween(
    'partBytes',
    options.partBytes ?? 8 * MIB,
    LEAST_PART,
    5 * GIB,
  );
  const concurrency = checks.wholeBetween('concurrency', options.concurrency ?? 4, 1, 1000);
  const maxParts = checks.wholeBetween('maxParts', options.maxParts ?? LIMITS.maxParts, 1, 10_000);
  const makePlan = options.growParts === false ? steadyParts : growingParts;
  return {
    options,
    prefix: prefix === '' ? '' : `${checkObjectKey(prefix)}/`,
    region: options.region ?? (elsewhere ? 'us-east-1' : undefined),
    pathStyle: options.pathStyle ?? elsewhere,
    checksums: checks.oneOf('checksums', checksums, ['supported', 'required']),
    ifAbsent: checks.oneOf('ifAbsent', options.ifAbsent ?? 'conditional', [
      'conditional',
      'looks',
      'refused',
    ]),
    plan: makePlan(partBytes, { ...LIMITS, maxParts }),
    concurrency,
    bytesUnderWay: concurrency * partBytes,
    copyBytes: checks.wholeBetween('copyBytes', options.copyBytes ?? 5 * GIB, LEAST_PART, 5 * GIB),
    pageKeys: checks.wholeBetween('pageKeys', options.pageKeys ?? 1000, 1, 1000),
    attempts: checks.wholeBetween('attempts', options.attempts ?? 3, 1, 1000),
    connectMs: durationMs(options.connectTimeout ?? '10s', 's3ObjectStore: connectTimeout'),
    idleMs: durationMs(options.idleTimeout ?? '60s', 's3ObjectStore: idleTimeout'),
    clock: options.clock ?? systemClock,
  };
}
