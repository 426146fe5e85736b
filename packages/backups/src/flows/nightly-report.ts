import { HoldfastError } from '@holdfast/core';
import { checkIdentities, type IdentityOption } from '../encryption/keyring.ts';
import { checkEncryption, type EncryptionOptions } from '../encryption/recipient.ts';
import type { DumpInput } from '../tasks/dump.ts';
import type { VerifyInput } from '../tasks/verify.ts';
import type { Copy } from '../archive/copy-backup.ts';
import type { Backup } from '../model/backup.ts';
import type { Verification } from '../model/verification.ts';
import type { Problem } from '../notify/compose.ts';
export type { Problem } from '../notify/compose.ts';
import type { SourceSpec } from '../sources/source.ts';

/** What a nightly backup is made of. */
export interface NightlyOptions {
  /** Name of the flow. Default 'nightly-backup'. */
  readonly name?: string;
  /** What is backed up; each its own set, all at once. */
  readonly sources: readonly SourceSpec[];
  /** Names of object stores among the engine's resources. */
  readonly stores: {
    /** Where dumps go, and are verified. */
    readonly primary: string;
    /** Where proven backups are copied to. Default: nowhere. */
    readonly copies?: readonly string[];
  };
  /** Encrypts every backup. Default: whoever can read a store can read them. */
  readonly encryption?: EncryptionOptions;
  /**
   * What encrypted backups are restored with for proof. Without them an encrypted backup is verified by its checksums
   * alone, and listed as not proven decryptable: let a machine that has an identity restore it.
   */
  readonly identities?: readonly IdentityOption[];
  /** Name of the notifier among the engine's resources. Default: nobody is told. */
  readonly notify?: string;
  /** Where scratch directories are made. Default: `holdfast-<uid>` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
}

/**
 * Refuses what would look like protection and is none: no source at all, or two whose backups would lie in
 * one set, where the newest is that of either.
 *
 * @throws `OPTIONS_INVALID`
 */
export function checkSources(flow: string, sources: readonly SourceSpec[]): void {
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

/**
 * How the sources are dumped, and how they are proven.
 *
 * @throws `OPTIONS_INVALID`
 */
export function waysOf({ scratchRoot, encryption, identities }: NightlyOptions): {
  readonly dumping: Pick<DumpInput, 'scratchRoot' | 'encryption'>;
  readonly proving: Pick<VerifyInput, 'scratchRoot' | 'identities' | 'level'>;
} {
  if (encryption !== undefined) checkEncryption(encryption);
  if (identities !== undefined) checkIdentities(identities);
  const isClosed = encryption !== undefined && (identities ?? []).length === 0;
  const scratch = scratchRoot === undefined ? {} : { scratchRoot };
  return {
    dumping: { ...scratch, ...(encryption === undefined ? {} : { encryption }) },
    proving: {
      ...scratch,
      ...(identities === undefined ? {} : { identities }),
      ...(isClosed ? { level: 'checksum' } : {}),
    },
  };
}

/** How a copy went. */
export interface CopyReport {
  readonly store: string;
  readonly copy?: Copy;
  readonly problem?: Problem;
}

/** How a source went. With a `backup` and a `verification` it is proven; else `problem` says why not. */
export interface SourceReport {
  readonly source: string;
  readonly backup?: Backup;
  readonly verification?: Verification;
  readonly copies: readonly CopyReport[];
  readonly problem?: Problem;
}

/** How the night went. */
export interface NightlyReport {
  readonly sources: readonly SourceReport[];
}

/** The function of the flow. */
export type Nightly = () => Promise<NightlyReport>;

/**
 * Gives the report, if every source has a proven backup.
 *
 * @throws `BACKUP_NOT_PROVEN` which names the sources that have none
 */
export function provenOrThrow(report: NightlyReport): NightlyReport {
  const unproven = report.sources.filter(({ verification }) => verification === undefined);
  if (unproven.length === 0) return report;
  const reasons = unproven.map(({ source, problem }) => `${source} (${problem?.code ?? 'Error'})`);
  throw new HoldfastError('BACKUP_NOT_PROVEN', `Without a proven backup: ${reasons.join(', ')}.`, {
    hint: 'See the problem of each source. What was proven is stored and copied all the same.',
    // Trying again at once would meet what two dumps have met.
    retryable: false,
    context: {
      sources: unproven.map(({ source }) => source),
      problems: unproven.map(({ source, problem }) => ({ source, ...problem })),
    },
  });
}
