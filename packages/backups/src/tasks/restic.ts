import { runContext, task } from '@holdfast/core';
import { backUpByRestic, type ResticBackupOptions, type ResticSnapshot } from '../restic/backup.ts';
import {
  checkRestic,
  type ResticChecked,
  type ResticCheckOptions,
  type ResticRestored,
  type ResticRestoreOptions,
  restoreByRestic,
} from '../restic/check-and-restore.ts';
import { surroundings } from './surroundings.ts';

type Input<T> = Omit<T, 'signal' | 'startChild' | 'secret' | 'onProgress'>;

/** What the tasks over restic are told. */
export type ResticBackupInput = Input<ResticBackupOptions>;
/** What the check of a repository is told. */
export type ResticCheckInput = Input<ResticCheckOptions>;
/** What a restore from a repository is told. */
export type ResticRestoreInput = Input<ResticRestoreOptions>;

const RETRIES = {
  limit: 3,
  delay: '30s',
  backoff: 'exponential',
  maxDelay: '10m',
  jitter: true,
} as const;

/**
 * Backs files up into a repository of restic; its progress is that of the run. Three retries: what an attempt has
 * stored is not stored again by the next.
 *
 * @throws see {@link backUpByRestic}
 */
export const resticBackup = task(
  (input: ResticBackupInput): Promise<ResticSnapshot> => {
    const context = runContext();
    return backUpByRestic({
      ...surroundings(undefined),
      ...input,
      onProgress: (progress) => context.progress({ ...progress, unit: 'bytes' }),
    });
  },
  {
    name: 'resticBackup',
    description: 'Backs files up into a repository of restic.',
    retries: RETRIES,
    timeout: '12h',
    tags: ['backup', 'dump'],
  },
);

/**
 * Checks a repository of restic, and its data where it is told to.
 *
 * @throws see {@link checkRestic}
 */
export const resticCheck = task(
  (input: ResticCheckInput): Promise<ResticChecked> =>
    checkRestic({ ...surroundings(undefined), ...input }),
  {
    name: 'resticCheck',
    description: 'Checks a repository of restic.',
    retries: RETRIES,
    timeout: '12h',
    tags: ['backup', 'verify'],
  },
);

/**
 * Restores a snapshot of restic, which reads back what it wrote.
 *
 * @throws see {@link restoreByRestic}
 */
export const resticRestore = task(
  (input: ResticRestoreInput): Promise<ResticRestored> =>
    restoreByRestic({ ...surroundings(undefined), ...input }),
  {
    name: 'resticRestore',
    description: 'Restores a snapshot from a repository of restic.',
    timeout: '12h',
    tags: ['backup', 'restore'],
  },
);
