import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { LeaseHolder } from './run-tree.ts';

/**
 * Who works on a queue, as far as that can be known:
 * - `this-engine`: the one that was asked;
 * - `others`: others, who have runs of it at present;
 * - `none-seen`: nobody has a run of it, and whoever waits for one leaves no trace;
 * - `none`: nobody, as the store is in the memory of this process.
 */
export type WorkersSeen = 'this-engine' | 'others' | 'none-seen' | 'none';

/** What is known of queues, beside the records of runs. */
export interface QueueFacts {
  /** Who has claimed which run. */
  readonly claims: ReadonlyMap<RunId, LeaseHolder>;
  /** Who works on each queue that a run waits on. */
  readonly workers: ReadonlyMap<string, WorkersSeen>;
}

/** Who has claimed a run and is dead, or has let its lease expire: another worker takes the run up. */
export function lostWorker({ claims }: QueueFacts, { id }: Run): LeaseHolder | undefined {
  const holder = claims.get(id);
  if (holder === undefined) return undefined;
  const lost = holder.kind === 'dead' || (holder.expired && holder.kind !== 'this-engine');
  return lost ? holder : undefined;
}

/** Whether nobody is known to work on a queue, as what follows a sentence about it. */
export function workersText(workers: WorkersSeen): string {
  if (workers === 'none') return ', and nobody works on it';
  return workers === 'none-seen' ? ', and nobody is seen to work on it' : '';
}
