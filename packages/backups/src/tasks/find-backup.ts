import { type Duration, durationMs, HoldfastError, runContext, task } from '@holdfast/core';
import { type CatalogEntry, newestOf } from '../catalog/list-backups.ts';
import { listIndexed } from '../catalog/list-indexed.ts';
import { type Backup, backupOf } from '../model/backup.ts';
import { storeNamed } from './surroundings.ts';

/** Which backup of a set is looked for. */
export interface FindInput {
  readonly set: string;
  /** Name of the object store among the engine's resources. */
  readonly store: string;
  /** The newest (one that is dated ahead counts when there is no other), or any one, each as likely. Default 'newest'. */
  readonly pick?: 'newest' | 'any';
}

async function entriesOf(set: string, store: string): Promise<readonly CatalogEntry[]> {
  const { signal } = runContext();
  return (await listIndexed(storeNamed(store), { set, signal })).backups;
}

/**
 * Finds a backup of a set in a store. What it found is recorded: a flow that goes on after a crash goes on with it.
 *
 * @throws `BACKUP_MISSING` the store has none of the set
 */
export const findBackup = task(
  async ({ set, store, pick = 'newest' }: FindInput): Promise<Backup> => {
    const context = runContext();
    const entries = await entriesOf(set, store);
    const now = context.now();
    const any = entries[Math.floor(context.random() * entries.length)];
    const found = pick === 'any' ? any : newestOf(entries, () => now);
    if (found !== undefined) return backupOf(found.manifest, store);
    throw new HoldfastError('BACKUP_MISSING', `The store ${store} has no backup of ${set}.`, {
      hint: 'Is it the right store, and the right name of the set?',
      retryable: false,
      context: { set, store },
    });
  },
  {
    name: 'findBackup',
    description: 'Finds a backup of a set in a store.',
    runName: ({ set, store }: FindInput) => `find ${set} in ${store}`,
    retries: { limit: 3, delay: '10s', backoff: 'exponential', jitter: true },
    timeout: '30m',
    tags: ['backup', 'catalog'],
  },
);

/** Which backups of a set are to be archived. */
export interface UnarchivedInput {
  readonly set: string;
  /** Name of the store that they are in. */
  readonly from: string;
  /** Names of the stores that each should be in. */
  readonly to: readonly string[];
  /** Only those that were dumped longer ago than this. */
  readonly olderThan: Duration;
}

/**
 * Finds the backups of a set that were dumped longer ago than a span, and that one of the stores lacks. Those whose last
 * verification failed, or of which objects are missing, are left alone. Oldest first.
 */
export const findUnarchived = task(
  async ({ set, from, to, olderThan }: UnarchivedInput): Promise<Backup[]> => {
    const limit = runContext().now() - durationMs(olderThan);
    const entries = await entriesOf(set, from);
    const there = await Promise.all(to.map((store) => entriesOf(set, store)));
    const idsThere = there.map((list) => new Set(list.map(({ manifest }) => manifest.id)));
    const isWanted = ({ manifest, proof }: CatalogEntry): boolean =>
      proof.level !== null &&
      proof.failedAt === undefined &&
      Date.parse(manifest.startedAt) <= limit &&
      idsThere.some((ids) => !ids.has(manifest.id));
    return entries
      .filter(isWanted)
      .map(({ manifest }) => backupOf(manifest, from))
      .toReversed();
  },
  {
    name: 'findUnarchived',
    description: 'Finds old backups of a set that a store lacks.',
    runName: ({ set, from }: UnarchivedInput) => `find old backups of ${set} in ${from}`,
    retries: { limit: 3, delay: '10s', backoff: 'exponential', jitter: true },
    timeout: '1h',
    tags: ['backup', 'catalog'],
  },
);
