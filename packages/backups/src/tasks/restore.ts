import { task } from '@holdfast/core';
import {
  type Restored,
  restoreFromStore,
  type WhichBackup,
} from '../restore/restore-from-store.ts';
import { storeNamed, surroundings } from './surroundings.ts';

/** What the restore task is told: a backup, or the newest of a set (before a time, exclusive). */
export type RestoreInput = WhichBackup & {
  /** Name of the store that is read. */
  readonly from: string;
  /** Where to: a path. */
  readonly to: string;
  /** Move aside what stands there, instead of refusing. Default false. */
  readonly overwrite?: boolean;
  /** Where scratch directories are made. Default: `holdfast` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
};

/**
 * Restores a backup. Two retries for what is not the backup's fault.
 *
 * @throws see {@link restoreFromStore}
 */
export const restoreBackup = task(
  ({ from, scratchRoot, ...rest }: RestoreInput): Promise<Restored> =>
    restoreFromStore({ ...surroundings(scratchRoot), ...rest, store: storeNamed(from) }),
  {
    name: 'restoreBackup',
    runName: ({ to }: RestoreInput) => `restore to ${to}`,
    description: 'Restores a backup to a path.',
    retries: { limit: 2, delay: '10s', backoff: 'exponential', jitter: true },
    timeout: '12h',
    tags: ['backup', 'restore'],
  },
);
