import { task } from '@holdfast/core';
import type { Verification, VerificationLevel } from '../model/verification.ts';
import type { BackupRef } from '../catalog/load-manifest.ts';
import { verifyBackup } from '../verify/verify-backup.ts';
import { storeNamed, surroundings } from './surroundings.ts';

/** What the verification task is told. */
export interface VerifyInput {
  /** As a dump task gave it; or by its names. */
  readonly backup: BackupRef & { readonly store: string };
  /** Name of the store that is read. Default: the one of the backup. */
  readonly store?: string;
  /** How far to go. Default 'restored'. */
  readonly level?: VerificationLevel;
  readonly scratchRoot?: string;
}

/**
 * Restores a backup into a scratch directory and compares it with what its source held at the moment of
 * the dump. Two retries for what is not the backup's fault; `VERIFY_FAILED` is not retried.
 *
 * @throws `VERIFY_FAILED`
 */
export const verifyByRestore = task(
  ({ backup, store, level = 'restored', scratchRoot }: VerifyInput): Promise<Verification> =>
    verifyBackup({
      ...surroundings(scratchRoot),
      backup,
      store: storeNamed(store ?? backup.store),
      level,
    }),
  {
    name: 'verifyByRestore',
    description: 'Restores a backup into a scratch directory and compares it with its source.',
    runName: ({ backup }: VerifyInput) => `verify ${backup.set}`,
    retries: { limit: 2, delay: '30s', backoff: 'exponential', jitter: true },
    timeout: '6h',
    tags: ['backup', 'verify'],
  },
);
