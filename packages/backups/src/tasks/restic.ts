import { type ObjectStore, runContext, task } from '@holdfast/core';
import type { BackupRef } from '../catalog/load-manifest.ts';
import type { Backup } from '../model/backup.ts';
import type { VerificationLevel } from '../model/verification.ts';
import { backUpByRestic, type ResticBackupOptions, type ResticSnapshot } from '../restic/backup.ts';
import {
  checkRestic,
  type ResticChecked,
  type ResticCheckOptions,
  type ResticRestored,
  type ResticRestoreOptions,
  restoreByRestic,
} from '../restic/check-and-restore.ts';
import { filesOf, proveSnapshot } from '../restic/prove-snapshot.ts';
import { recordSnapshot } from '../restic/record-snapshot.ts';
import { restoreDiffers } from '../verify/damage.ts';
import { surroundings } from './surroundings.ts';

type Input<T> = Omit<T, 'signal' | 'startChild' | 'secret' | 'onProgress'>;

/** What the tasks over restic are told. */
export type ResticBackupInput = Input<ResticBackupOptions> & {
  /**
   * Lists the snapshot among the backups of a set, in an object store of the engine: for the catalog, retention and
   * health. Default: it is known to its repository alone.
   */
  readonly list?: { readonly store: string; readonly set: string };
};
/** A snapshot, and the backup that it is listed as. */
export type ListedSnapshot = ResticSnapshot & {
  /** Absent where it was not listed. */
  readonly backup?: Backup;
};
/** A listed snapshot that is proven. */
export interface ProvenSnapshot {
  /** As `resticBackup` gave it. Its record is kept there. Default: no record is kept. */
  readonly backup?: BackupRef & { readonly store: string };
}
/** What the check of a repository is told. */
export type ResticCheckInput = Input<ResticCheckOptions> & ProvenSnapshot;
/** What a restore from a repository is told. */
export type ResticRestoreInput = Input<ResticRestoreOptions> & ProvenSnapshot;

function proofOf(backup: BackupRef & { readonly store: string }, level: VerificationLevel) {
  return { backup, store: runContext().resource<ObjectStore>(backup.store), level, now: Date.now };
}

/** A restore of everything, whose files are counted against those of the source, proves the snapshot. */
async function restoreListed(
  work: ResticRestoreOptions,
  backup: BackupRef & { readonly store: string },
): Promise<ResticRestored> {
  if ((work.include ?? []).length > 0) return restoreByRestic(work);
  let restored: ResticRestored | undefined;
  await proveSnapshot(work, proofOf(backup, 'restored'), async ({ id }, manifest) => {
    restored = await restoreByRestic({ ...work, snapshot: id });
    const files = filesOf(manifest);
    if (restored.filesVerified === files) return files;
    const found = `${restored.filesVerified} files`;
    throw restoreDiffers(manifest.id, [{ what: 'snapshot', expected: `${files} files`, found }]);
  });
  if (restored === undefined) throw new Error('the restore was not made');
  return restored;
}

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
  async ({ list, ...input }: ResticBackupInput): Promise<ListedSnapshot> => {
    const context = runContext();
    const startedAt = Date.now();
    const snapshot = await backUpByRestic({
      ...surroundings(undefined),
      ...input,
      onProgress: (progress) => context.progress({ ...progress, unit: 'bytes' }),
    });
    if (list === undefined) return snapshot;
    const backup = await recordSnapshot({
      snapshot,
      paths: input.paths,
      store: context.resource<ObjectStore>(list.store),
      storeName: list.store,
      set: list.set,
      startedAt,
      endedAt: Date.now(),
      runId: context.rootRunId,
      signal: context.signal,
      beforePublish: () => context.assertLease(),
    });
    return { ...snapshot, backup };
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
  async ({ backup, ...input }: ResticCheckInput): Promise<ResticChecked> => {
    const work = { ...surroundings(undefined), ...input };
    if (backup === undefined) return checkRestic(work);
    // A part of the data proves nothing of this snapshot: it may be another's.
    const level = input.readData === true ? 'readable' : 'stored';
    await proveSnapshot(work, proofOf(backup, level), async () => {
      await checkRestic(work);
      return undefined;
    });
    return { repository: input.repository.repository, readData: input.readData ?? false };
  },
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
  async ({ backup, ...input }: ResticRestoreInput): Promise<ResticRestored> => {
    const work = { ...surroundings(undefined), ...input };
    if (backup === undefined) return restoreByRestic(work);
    return restoreListed(work, backup);
  },
  {
    name: 'resticRestore',
    description: 'Restores a snapshot from a repository of restic.',
    timeout: '12h',
    tags: ['backup', 'restore'],
  },
);
