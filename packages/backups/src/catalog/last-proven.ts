import type { ObjectStore } from '@holdfast/core';
import { listBackups } from './list-backups.ts';

/**
 * When the newest backup of a set that is proven restorable was dumped: what a restore would bring back.
 *
 * @returns ISO 8601; undefined when no backup of the set is proven
 */
export async function lastProven(
  stores: readonly ObjectStore[],
  set: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const query = signal === undefined ? { set } : { set, signal };
  const times: string[] = [];
  for (const store of stores) {
    const { backups } = await listBackups(store, query);
    const proven = backups.find(({ proof }) => proof.level === 'restored');
    if (proven !== undefined) times.push(proven.manifest.startedAt);
  }
  return times.toSorted().at(-1);
}
