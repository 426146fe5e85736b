import { type Duration, durationMs, type Flow, flow } from '@holdfast/core';
import { checkDestinations, type Destination, storeOf } from '../archive/destinations.ts';
import { type Problem, problemOf } from '../notify/compose.ts';
import type { PruneReport } from '../prune/prune-store.ts';
import { checkPolicy } from '../retention/check-policy.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import { archiveCopies } from '../tasks/archive-copies.ts';
import { findUnarchived } from '../tasks/find-backup.ts';
import { notifyOnChange } from '../tasks/notify-on-change.ts';
import { pruneBackups } from '../tasks/prune.ts';
import { type CommonFlowOptions, limited, notifiersOf, refuseEmpty } from './flow-parts.ts';

/** What the archiving of old backups is made of. */
export interface ArchiveOldOptions extends CommonFlowOptions {
  /** Name of the flow. Default 'archive-old-backups'. */
  readonly name?: string;
  /** The backup sets. */
  readonly sets: readonly string[];
  /** Name of the store that they are in. */
  readonly from: string;
  /** Where each of them has to be. */
  readonly to: readonly Destination[];
  /** Only those that were dumped longer ago than this. Default '7d'. */
  readonly olderThan?: Duration;
  /** Which backups `from` keeps, once all old ones of the set are where they have to be. Default: all. */
  readonly retention?: RetentionPolicy;
}

/** How the archiving of a set went. */
export interface ArchivedSet {
  readonly set: string;
  /** Ids of the backups that were copied. */
  readonly archived: readonly string[];
  /** Why others were not. */
  readonly problems: readonly Problem[];
  /** What was removed from the first store; absent where it was not pruned. */
  readonly pruned?: PruneReport;
}

/**
 * Makes a flow that copies old backups to where they are kept longer, and then lets the first store forget what a policy
 * does not keep: nothing is removed there as long as a copy of the set is missing. It completes whatever it finds; people
 * are told when copies are missing, and when they no longer are.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`, `RETENTION_EMPTY`, `RETENTION_INVALID`
 */
export function archiveOldBackups(options: ArchiveOldOptions): Flow<() => Promise<ArchivedSet[]>> {
  const { name = 'archive-old-backups', sets, from, to, olderThan = '7d', retention } = options;
  const notifiers = notifiersOf(options.notify);
  const stores = to.map(storeOf);
  refuseEmpty(name, 'set', sets);
  refuseEmpty(name, 'store to archive to', to);
  checkDestinations(`The flow ${name}`, [from, ...to], 0);
  durationMs(olderThan);
  if (retention !== undefined) checkPolicy(retention);

  async function move(set: string): Promise<ArchivedSet> {
    const share = limited(set, options);
    const old = await findUnarchived({ set, from, to: stores, olderThan });
    const copies = archiveCopies.map(old.map((backup) => ({ backup, to, ...share })));
    const outcomes = await copies.outcomes();
    const problems = outcomes.flatMap((one) => (one.ok ? [] : [problemOf(one.error)]));
    const done = outcomes.flatMap((one, at) => (one.ok ? [old[at]?.id ?? ''] : []));
    if (problems.length > 0 || retention === undefined) return { set, archived: done, problems };
    const prune = pruneBackups.with(share).submit({ store: from, set, policy: retention });
    const pruned = await prune.outcome();
    if (pruned.ok) return { set, archived: done, problems, pruned: pruned.value };
    return { set, archived: done, problems: [problemOf(pruned.error)] };
  }

  async function each(set: string): Promise<ArchivedSet> {
    const moved = await move(set);
    const [problem] = moved.problems;
    if (notifiers.length === 0) return moved;
    const standing = problem === undefined ? 'good' : 'degraded';
    const what =
      problem === undefined ? 'old backups are archived' : 'old backups are not archived';
    const told = { set, topic: 'archive', standing, what, notifiers, ledger: from } as const;
    await notifyOnChange.submit(problem === undefined ? told : { ...told, problem }).outcome();
    return moved;
  }

  return flow(() => Promise.all(sets.map(each)), { name });
}
