import type { ObjectStore } from '@holdfast/core';
import { isAhead } from './ahead.ts';
import { listBackups, newestOf } from './list-backups.ts';

/**
 * When the newest backup of a set that is proven restorable was dumped: what a restore would bring back.
 * One that is dated more than an hour ahead counts when there is no other.
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
    const proven = newestOf(backups.filter(({ proof }) => proof.level === 'restored'));
    if (proven !== undefined) times.push(proven.manifest.startedAt);
  }
  const sorted = times.toSorted();
  return sorted.findLast((time) => !isAhead(time, Date.now())) ?? sorted.at(-1);
}
