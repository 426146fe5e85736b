import { runContext, task } from '@holdfast/core';
import type { IdentityOption } from '../encryption/keyring.ts';
import type { SampleOption } from '../model/sample.ts';
import type { Verification, VerificationLevel } from '../model/verification.ts';
import type { BackupRef } from '../catalog/load-manifest.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import type { RestoreCheck } from '../verify/scratch-copy.ts';
import { verifyBackup } from '../verify/verify-backup.ts';
import { storeNamed, surroundings } from './surroundings.ts';
import { tellingAttempts } from './telling-attempts.ts';

/** What the verification task is told. */
export interface VerifyInput {
  /** As a dump task gave it; or by its names. */
  readonly backup: BackupRef & { readonly store: string; readonly storedBytes?: number };
  /** Name of the store that is read. Default: the one of the backup. */
  readonly store?: string;
  /** How far to go. Default 'restored'. */
  readonly level?: VerificationLevel;
  readonly scratchRoot?: string;
  /** For sources on servers: where scratch copies are made. Default: a server of its own is started. */
  readonly scratchServer?: ServerTarget;
  /** Name of a {@link RestoreCheck} among the engine's resources. Default: none is asked. */
  readonly check?: string;
  /** Compares a sample of a big set, and records that: see `VerifyOptions`. Default: everything is compared. */
  readonly sample?: SampleOption;
  /** What an encrypted backup is read with; from the level `readable` on it is needed. */
  readonly identities?: readonly IdentityOption[];
}

function verify(input: VerifyInput, own?: RestoreCheck): Promise<Verification> {
  return tellingAttempts(POLICY.retries.limit, () => verifyOnce(input, own));
}

function verifyOnce(input: VerifyInput, own?: RestoreCheck): Promise<Verification> {
  const check =
    own ??
    (input.check === undefined ? undefined : runContext().resource<RestoreCheck>(input.check));
  const {
    backup,
    store,
    level = 'restored',
    scratchRoot,
    scratchServer,
    identities,
    sample,
  } = input;
  return verifyBackup({
    ...surroundings(scratchRoot),
    backup,
    store: storeNamed(store ?? backup.store, backup.storedBytes),
    level,
    ...(scratchServer === undefined ? {} : { scratchServer }),
    ...(check === undefined ? {} : { check }),
    ...(identities === undefined ? {} : { identities }),
    ...(sample === undefined ? {} : { sample }),
  });
}

const POLICY = {
  description: 'Restores a backup into a scratch place and compares it with its source.',
  runName: ({ backup }: VerifyInput) => `verify ${backup.set}`,
  retries: { limit: 2, delay: '30s', backoff: 'exponential', jitter: true },
  timeout: '6h',
  tags: ['backup', 'verify'],
} as const;

/**
 * Restores a backup into a scratch directory, or into databases of a scratch server, and compares it with
 * what its source held at the moment of the dump. Two retries for what is not the backup's fault;
 * `VERIFY_FAILED` is not retried.
 *
 * @throws `VERIFY_FAILED`
 */
export const verifyByRestore = task((input: VerifyInput): Promise<Verification> => verify(input), {
  ...POLICY,
  name: 'verifyByRestore',
});

/**
 * Makes a task like {@link verifyByRestore} which asks a question of one's own as well.
 *
 * @param options.name the task's name
 * @param options.check asked of every restored copy, after it was compared
 */
export function verifyWith(options: {
  readonly name: string;
  readonly check: RestoreCheck;
}): typeof verifyByRestore {
  const { name, check } = options;
  return task((input: VerifyInput): Promise<Verification> => verify(input, check), {
    ...POLICY,
    name,
  });
}
