import type { RunId } from '../model/ids.ts';
import type { Run } from '../model/run.ts';
import type { EpochMs } from '../model/state.ts';
import type { Fence, Lease, LeaseTerms } from './run-store.ts';

/** What a worker asks for: runs that wait on queues. */
export interface ClaimRequest extends LeaseTerms {
  /** By name; those of the first are given before those of the second. */
  readonly queues: readonly string[];
  /** Only runs of these flows. */
  readonly flows: readonly string[];
  /** Only runs of these tasks. */
  readonly tasks: readonly string[];
  /** Not these: for runs that the worker could not take, and has given back to others. */
  readonly without?: readonly RunId[];
  readonly now: EpochMs;
  /** At most this many. */
  readonly limit: number;
}

/** A run that a worker has the right to execute, or had. */
export interface Claim {
  /** As it stood when the lease was taken: one that somebody began and left is to be taken up, not started. */
  readonly run: Run;
  /** The right to write it. It serves as a {@link Fence}: that of the root, or for a run below one the run's own. */
  readonly lease: Lease & Fence;
  /** Set when somebody asked for it to be cancelled, or for its root. */
  readonly cancelReason?: string;
}

/** Which claims to list. All conditions must hold; an absent one always does. */
export interface ClaimQuery {
  readonly queues: readonly string[];
  /** Only those of this holder. */
  readonly holder?: string;
  /** Only those that have expired at this time. */
  readonly expiredBy?: EpochMs;
  /** At most this many. Default 100. */
  readonly limit?: number;
}

/** What somebody waits for. */
export interface WatchTerms {
  /** Runs that can be claimed on one of these queues, and requests to cancel runs on them. */
  readonly queues?: readonly string[];
  /** The end of one of these runs. */
  readonly runs?: readonly RunId[];
}

/** Ends a watch: nobody is woken by it any more. Idempotent. */
export type StopWatching = () => void;

/**
 * Runs that are executed by another process than the one that made them. A run with a `queue` is written like any
 * other, without a lease; whoever works on the queue claims it. A run keeps the queue that it was made with.
 *
 * Promises of an adapter:
 * 1. A run with a queue can be claimed while it is open (and not PAUSED, where it is a top-level run), from the `dueAt` of its state on (without one: at
 *    once), and its lease is free: never taken, released, or expired.
 * 2. A claim takes the lease: it raises the epoch and sets holder and expiry, in one transaction, and is on the disk
 *    before it is given. Of all who ask at once exactly one is given a run.
 * 3. The claim of a top-level run is the lease of its root. A run below a root has a lease of its own, beside that of
 *    the root, which fences name with `runId`: they open what belongs to the root while that epoch is in force, whoever
 *    holds the root. A worker writes its run, and what it makes below it, with them. Who holds the root may write the
 *    run, too: the version decides between them. `acquireLease`, `renewLeases` and `releaseLeases` take such leases alike.
 * 4. Queues are served in the order of the request; on each the runs that have been free for the longest time lead, by
 *    due time or expiry, then by id. Those that others are claiming at this moment may be passed over. A record that does
 *    not parse is never given, and keeps back no other.
 * 5. Who waits for a run on a queue holds nothing: `openRuns` leaves out top-level runs that can be claimed, or
 *    will be once they are due, as long as nobody leases them.
 * 6. A watch wakes after every commit that makes a run claimable on one of its queues (also when it is due only later),
 *    that asks for a run on them to be cancelled, or that ends one of its runs, and that was made after `watch` resolved; and after a release. It may wake
 *    without a reason. Where another process commits, it wakes within a second, or it may not wake at all (no
 *    notifications through a connection pooler): look again from time to time, too, for a time that passes wakes nobody.
 */
export interface Claims {
  /** Takes runs that wait on queues. Never waits: gives what there is, perhaps nothing. See promises 1 to 4. */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;
  /**
   * Runs that could be claimed, sooner or later, but for a lease that was taken and not given back, the first to expire
   * leading: for finding those whose holder has died. `acquireLease` takes one that was seen dead, `claim` any that expired.
   */
  claimed(query: ClaimQuery): Promise<readonly Claim[]>;
  /**
   * Calls `wake` when there may be news. See promise 6. It is called between other things of the event loop, and must
   * not throw. Keeps no process alive; ends with `close`.
   */
  watch(terms: WatchTerms, wake: () => void): Promise<StopWatching>;
}
