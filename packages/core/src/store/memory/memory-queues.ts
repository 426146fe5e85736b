import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal, type EpochMs } from '../../model/state.ts';
import { claimableFrom } from '../claimable.ts';
import type { Claim, ClaimQuery, ClaimRequest } from '../claims.ts';
import type { Lease } from '../run-store.ts';
import { copyRun } from './copy-records.ts';

/** A run, and the lease under which it is written. */
export interface Leased {
  readonly entry: { readonly run: Run };
  lease: Lease;
  /** Why it is to stop: asked of the run itself. */
  cancelReason?: string;
}

const DEFAULT_LIMIT = 100;

/** From when on a run is free to be claimed; undefined while its state is in the way. */
function freeFrom({ entry, lease }: Leased): EpochMs | undefined {
  const from = claimableFrom(entry.run);
  return from === undefined ? undefined : Math.max(from, lease.expiresAt);
}

function idOf({ entry }: Leased): RunId {
  return entry.run.id;
}

function byTime(a: [number, Leased], b: [number, Leased]): number {
  return a[0] - b[0] || (idOf(a[1]) < idOf(b[1]) ? -1 : 1);
}

/** Whether nobody leases a run with a queue, and its state lets it be claimed, be it later. */
export function waitsOnQueue({ entry, lease }: Leased): boolean {
  const { queue } = entry.run;
  return queue !== undefined && lease.holder === '' && claimableFrom(entry.run) !== undefined;
}

/** The runs with queues of a memory store. */
export class MemoryQueues {
  /** Those that are open, by queue. */
  readonly #queues = new Map<string, Map<RunId, Leased>>();
  readonly #all = new Map<RunId, Leased>();

  /** A run that was made with a queue. */
  add(leased: Leased): void {
    this.#all.set(idOf(leased), leased);
    this.note(leased.entry.run);
  }

  /** The state of a run with a queue is another. */
  note({ id, queue = '', state }: Run): void {
    const leased = this.#all.get(id);
    if (leased === undefined) return;
    const runs = this.#queues.get(queue) ?? new Map<RunId, Leased>();
    if (isTerminal(state)) runs.delete(id);
    else runs.set(id, leased);
    if (runs.size === 0) this.#queues.delete(queue);
    else this.#queues.set(queue, runs);
  }

  forget({ id, queue }: Run): void {
    if (queue === undefined) return;
    this.#all.delete(id);
    const runs = this.#queues.get(queue);
    runs?.delete(id);
    if (runs?.size === 0) this.#queues.delete(queue);
  }

  /** The lease of a run below a root. */
  below(rootId: RunId, runId: RunId): Leased | undefined {
    const leased = this.#all.get(runId);
    return leased !== undefined && leased.entry.run.rootId === rootId && runId !== rootId
      ? leased
      : undefined;
  }

  claim(request: ClaimRequest): Leased[] {
    const { queues, flows, tasks, without = [], holder, ttl, now, limit } = request;
    const free = queues.flatMap((queue) => {
      const found: [number, Leased][] = [];
      for (const leased of this.#queues.get(queue)?.values() ?? []) {
        const from = freeFrom(leased);
        const { kind, name } = leased.entry.run;
        const known = (kind === 'flow' ? flows : tasks).includes(name);
        const wanted = known && !without.includes(idOf(leased));
        if (wanted && from !== undefined && from <= now) found.push([from, leased]);
      }
      return found.toSorted(byTime).map(([, leased]) => leased);
    });
    const taken = [...new Set(free)].slice(0, limit);
    for (const each of taken) {
      each.lease = { ...each.lease, holder, epoch: each.lease.epoch + 1, expiresAt: now + ttl };
    }
    return taken;
  }

  claimed({ queues, holder, expiredBy = Infinity, limit = DEFAULT_LIMIT }: ClaimQuery): Leased[] {
    return [...new Set(queues)]
      .flatMap((queue) => [...(this.#queues.get(queue)?.values() ?? [])])
      .filter(({ entry, lease }) => {
        const claimable = claimableFrom(entry.run) !== undefined;
        const held = holder === undefined ? lease.holder !== '' : lease.holder === holder;
        return claimable && held && lease.expiresAt <= expiredBy;
      })
      .map((leased): [number, Leased] => [leased.lease.expiresAt, leased])
      .toSorted(byTime)
      .slice(0, limit)
      .map(([, leased]) => leased);
  }
}

/** A claim as it is given. */
export function claimOf({ entry, lease }: Leased, cancelReason: string | undefined): Claim {
  return {
    run: copyRun(entry.run),
    lease: { ...lease },
    ...(cancelReason === undefined ? {} : { cancelReason }),
  };
}
