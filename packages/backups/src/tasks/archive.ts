import { type Duration, type ObjectStore, runContext, task } from '@holdfast/core';
import { type Copy, copyBackup } from '../archive/copy-backup.ts';
import type { BackupRef } from '../catalog/load-manifest.ts';
import { storeNamed } from './surroundings.ts';

/** The part of a backup that the archive task needs. */
export type ArchivedBackup = BackupRef & { readonly store: string; readonly storedBytes?: number };

/** How a copy is kept. */
export interface KeepOptions {
  /**
   * How long the store itself keeps the copy from being changed or removed: its object lock. Default: not at all.
   */
  readonly retainFor?: Duration;
}

/**
 * Copies a backup to another object store, and reads every object back from there. Five retries; each
 * goes on where the one before was.
 *
 * @throws see {@link copyBackup}
 */
export const archiveBackup = task(
  (backup: ArchivedBackup, to: string, options: KeepOptions = {}): Promise<Copy> => {
    const context = runContext();
    const { storedBytes } = backup;
    return copyBackup({
      signal: context.signal,
      backup,
      from: context.resource<ObjectStore>(backup.store),
      // Each byte is written, and read back.
      to: storeNamed(to, storedBytes === undefined ? undefined : 2 * storedBytes),
      toName: to,
      ...options,
      beforePublish: () => context.assertLease(),
    });
  },
  {
    name: 'archiveBackup',
    description: 'Copies a backup to another object store.',
    runName: (backup: ArchivedBackup, to: string) => `copy ${backup.set} to ${to}`,
    // A store that did not answer once often answers a moment later; one that is down takes minutes.
    retries: {
      limit: 5,
      delay: '2s',
      backoff: 'exponential',
      factor: 4,
      maxDelay: '10m',
      jitter: true,
    },
    timeout: '12h',
    tags: ['backup', 'archive'],
  },
);
