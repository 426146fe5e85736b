import {
  type Duration,
  durationMs,
  HoldfastError,
  nextTime,
  type Times,
  type TimeWindow,
} from '@holdfast/core';
import { checkDestinations, type Destination } from '../archive/destinations.ts';
import { checkIdentities, type IdentityOption } from '../encryption/keyring.ts';
import { checkBandwidth } from '../pipeline/rate.ts';
import { checkEncryption, type EncryptionOptions } from '../encryption/recipient.ts';
import { checkPolicy } from '../retention/check-policy.ts';
import { checkSample, type SampleOption } from '../model/sample.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import type { SourceSpec } from '../sources/source.ts';
import type { CommonFlowOptions } from './flow-parts.ts';

/** What a nightly backup is made of. */
export interface NightlyOptions extends CommonFlowOptions {
  /** Name of the flow. Default 'nightly-backup'. */
  readonly name?: string;
  /** What is backed up; each its own set. File trees are read once the databases are dumped, all else at once. */
  readonly sources: readonly SourceSpec[];
  /** Names of object stores among the engine's resources. */
  readonly stores: {
    /** Where dumps go, and are verified. */
    readonly primary: string;
    /** Where proven backups are copied to. Default: nowhere. */
    readonly copies?: readonly Destination[];
    /** How many copies have to be made; fewer fail the flow, after all is done. Default 0: they are told. */
    readonly atLeast?: number;
  };
  /** Encrypts every backup. Default: whoever can read a store can read them. */
  readonly encryption?: EncryptionOptions;
  /**
   * What encrypted backups are restored with for proof. Without them an encrypted backup is verified by its checksums
   * alone, and listed as not proven decryptable: let a machine that has an identity restore it.
   */
  readonly identities?: readonly IdentityOption[];
  /** Where scratch copies of sources of its kind are made for proof. Default: a server of its own is started for each. */
  readonly scratchServer?: ServerTarget;
  /** By the name of a source: the name of a `RestoreCheck` among the engine's resources, asked of its restored copy. */
  readonly checks?: Readonly<Record<string, string>>;
  /** Proves each backup by a sample, by the name of its source: see `VerifyOptions`. Default: everything is compared. */
  readonly samples?: Readonly<Record<string, SampleOption>>;
  /** How fast each source is stored, in bytes a second after compression. Default: as fast as can be. */
  readonly bandwidth?: number;
  /** Which backups of a set are kept, in every store, once tonight's is proven. Default: all; nothing is removed. */
  readonly retention?: RetentionPolicy;
  /** When it may run: see the option `window` of flows. */
  readonly window?: TimeWindow;
  /** When it is started, as its schedule has it: people are told when the next attempt is. Default: they are not told. */
  readonly times?: Times;
  /** How old the last restorable copy may be, where people are told. Default: no limit is told. */
  readonly maxAge?: Duration;
  /** Name of a dead-man switch among the engine's resources, which is told of the start and the end. Default: none is. */
  readonly pings?: string;
  /** Where scratch directories are made. Default: `holdfast-<uid>` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
}

/**
 * Refuses what would look like protection and is none: no source at all, or two whose backups would lie in
 * one set, where the newest is that of either.
 *
 * @throws `OPTIONS_INVALID`
 */
function checkSources(flow: string, sources: readonly SourceSpec[]): void {
  const names = sources.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (names.length > 0 && twice === undefined) return;
  const why = twice === undefined ? 'has no source' : `has two sources named ${twice}`;
  throw new HoldfastError('OPTIONS_INVALID', `The flow ${flow} ${why}.`, {
    hint: 'Name what is to be backed up, each source by a name of its own: it names the backup set.',
    retryable: false,
    context: { flow },
  });
}

/** A check or a sample of a set that is not backed up would be one that never is. */
function checkNamed(
  flow: string,
  sources: readonly SourceSpec[],
  named: object,
  what: string,
): void {
  const known = new Set(sources.map((source) => source.name));
  const unknown = Object.keys(named).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new HoldfastError(
    'OPTIONS_INVALID',
    `The flow ${flow} has no source ${unknown} to ${what}.`,
    {
      hint: 'Name checks and samples by the names of the sources.',
      retryable: false,
      context: { flow, source: unknown },
    },
  );
}

/**
 * Checks everything that would else be found out in the night.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `RETENTION_EMPTY`, `RETENTION_INVALID`
 */
export function checkNightly(name: string, options: NightlyOptions): void {
  const { sources, stores, encryption, identities, bandwidth, retention, maxAge } = options;
  checkSources(name, sources);
  const { primary, copies = [], atLeast = 0 } = stores;
  checkDestinations(`The flow ${name}`, [primary, ...copies], 0);
  checkDestinations(`The flow ${name}`, copies, atLeast);
  if (encryption !== undefined) checkEncryption(encryption);
  if (identities !== undefined) checkIdentities(identities);
  if (bandwidth !== undefined) checkBandwidth(bandwidth);
  if (retention !== undefined) checkPolicy(retention);
  if (maxAge !== undefined) durationMs(maxAge);
  if (options.times !== undefined) nextTime(options.times, new Date(0));
  checkNamed(name, sources, options.checks ?? {}, 'check');
  checkNamed(name, sources, options.samples ?? {}, 'take a sample of');
  for (const sample of Object.values(options.samples ?? {})) checkSample(sample);
}
