import { runContext, task } from '@holdfast/core';
import { pruneStore, type PruneReport } from '../prune/prune-store.ts';
import type { ResticRepository } from '../restic/repository.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import { storeNamed, surroundings } from './surroundings.ts';

/** What the prune task is told. */
export interface PruneInput {
  /** Name of the object store among the engine's resources: each copy is pruned by its own catalog. */
  readonly store: string;
  readonly policy: RetentionPolicy;
  /** Only this set. Default: every set of the store, each for itself. */
  readonly set?: string;
  /** The repositories of listed snapshots of restic. Default: none, and snapshots are left alone. */
  readonly repositories?: readonly ResticRepository[];
  /** Only plan. Default false: a task called prune prunes. */
  readonly dryRun?: boolean;
}

/**
 * Removes the backups of a store that a policy does not keep. Three retries; each ends what the one before
 * has begun. Keep dumps, restores and proofs of the same sets away meanwhile, by a limit of one slot (`limits`).
 *
 * @throws see {@link pruneStore}
 */
export const pruneBackups = task(
  ({ store, ...rest }: PruneInput): Promise<PruneReport> => {
    const context = runContext();
    return pruneStore({
      ...rest,
      store: storeNamed(store),
      ...surroundings(undefined),
      signal: context.signal,
      beforeRemove: () => context.assertLease(),
    });
  },
  {
    name: 'pruneBackups',
    description: 'Removes the backups of a store that a retention policy does not keep.',
    runName: ({ store, set }: PruneInput) => `prune ${set ?? 'all sets'} in ${store}`,
    retries: { limit: 3, delay: '10s', backoff: 'exponential', maxDelay: '5m', jitter: true },
    timeout: '6h',
    tags: ['backup', 'prune'],
  },
);
