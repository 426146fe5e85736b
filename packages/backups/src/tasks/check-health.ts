import { type ObjectStore, runContext, task } from '@holdfast/core';
import { listIndexed } from '../catalog/list-indexed.ts';
import { judgeSet, type SetHealth } from '../health/health.ts';
import { checkLimits, type HealthLimits } from '../health/limits.ts';
import type { StoreView } from '../health/view.ts';
import { problemOf } from '../notify/compose.ts';

/** What the health task is told. */
export interface HealthInput {
  readonly set: string;
  /** Names of the stores that should hold the set's backups. */
  readonly stores: readonly string[];
  readonly limits?: HealthLimits;
}

/** A store that does not answer is part of the verdict. One that the engine does not have is a mistake. */
async function viewOf(store: string, set: string, now: number): Promise<StoreView> {
  const { resource, signal } = runContext();
  const found = resource<ObjectStore>(store);
  try {
    const { backups, problems } = await listIndexed(found, { set, signal, now: () => now });
    return { store, backups, problems };
  } catch (error) {
    signal.throwIfAborted();
    return { store, error: problemOf(error) };
  }
}

/**
 * Judges a backup set by what its stores tell now. What it finds is its result, not a failure: see
 * {@link SetHealth.standing}. Ten minutes an attempt.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `RESOURCE_UNKNOWN`
 */
export const checkHealth = task(
  async ({ set, stores, limits = {} }: HealthInput): Promise<SetHealth> => {
    checkLimits(limits, stores.length);
    const now = runContext().now();
    const views = await Promise.all(stores.map((store) => viewOf(store, set, now)));
    return judgeSet(set, views, limits, now);
  },
  {
    name: 'checkHealth',
    description: 'Judges a backup set by what its stores tell.',
    runName: ({ set }: HealthInput) => `health of ${set}`,
    timeout: '10m',
    tags: ['backup', 'health'],
  },
);
