import type { RunId } from '../model/ids.ts';
import type { CachedResult, GivenInput, Permit, ScheduleRecord } from '../model/shared-state.ts';
import type { EpochMs, TerminalState } from '../model/state.ts';
import type { Fence } from './run-store.ts';

/** Keeps a result for equal runs, or replaces the one under its key. The fence is that of the run it comes from. */
export interface CacheWrite {
  readonly kind: 'cache';
  readonly entry: CachedResult;
  readonly fence: Fence;
}

/**
 * Gives a value to a run that waits, from any process. Needs no lease. The first value for a run, generation and name
 * stays; for a root that is not in the store the outcome is `version`.
 */
export interface InputWrite {
  readonly kind: 'input';
  readonly input: GivenInput;
}

/** Creates a schedule's record (expectVersion 0) or replaces the one at the expected version; else the outcome is `version`. */
export interface ScheduleWrite {
  readonly kind: 'schedule';
  readonly expectVersion: number;
  /** Its version is greater than `expectVersion`. */
  readonly schedule: ScheduleRecord;
}

/** One limit of which a share is wanted. */
export interface PermitWish {
  readonly limit: string;
  /** How many slots the limit has, as the caller knows it. */
  readonly capacity: number;
  /** How many of them are wanted: 1 to `capacity`. */
  readonly slots: number;
  /**
   * For a rate: the slots stay taken for this many milliseconds from now, whatever happens to who took them.
   * Absent: until they are given back, or expire.
   */
  readonly per?: number;
}

/** Asks for shares of several limits: all of them, or none. */
export interface PermitRequest {
  /** Names this request; a second one with the same id and holder that still has its permits is granted as it stands. */
  readonly id: string;
  readonly holder: string;
  readonly wishes: readonly PermitWish[];
  readonly now: EpochMs;
  /** How long permits last unless renewed, in milliseconds. */
  readonly ttl: number;
  /** Holders whose permits are taken for free: the caller has seen that they are dead. Rates are not freed by it. */
  readonly deadHolders?: readonly string[];
}

/** What is in the way of a request. */
export interface PermitBlock {
  readonly limit: string;
  /** The permits that are in force, rates included. */
  readonly permits: readonly Permit[];
}

/** The answer to a {@link PermitRequest}: granted, or what is in the way (never empty). */
export type PermitGrant =
  | { readonly granted: true }
  | { readonly granted: false; readonly blocks: readonly PermitBlock[] };

/** Which ended top-level runs to forget. */
export interface PruneRequest {
  /** Only those that ended before. */
  readonly endedBefore: EpochMs;
  /** Only those that ended in one of these states. Default: all. */
  readonly states?: readonly TerminalState['type'][];
  /** Only those of this flow. */
  readonly name?: string;
  /** At most this many top-level runs. */
  readonly limit: number;
  /** Cached results that expired before this are forgotten, too: at most 1,000 a call. */
  readonly now: EpochMs;
}

/** What was forgotten. */
export interface Pruned {
  /** Top-level runs, each with everything below it: runs, history, recorded values, inputs, lines, artifacts. */
  readonly roots: number;
  /** Runs in all. */
  readonly runs: number;
  /** The ids of those top-level runs: for whoever keeps something elsewhere that belongs to them. */
  readonly rootIds: readonly RunId[];
}

/** What runs have in common: cached results, inputs from outside, limits, schedules. */
export interface SharedState {
  /** The result under a cache key, expired ones too: whoever asks knows the time. */
  cached(key: string): Promise<CachedResult | undefined>;
  /** What was given to the runs of a root, oldest first. */
  inputs(rootId: RunId): Promise<readonly GivenInput[]>;
  /** Every schedule, by name. */
  schedules(): Promise<readonly ScheduleRecord[]>;
  /**
   * Takes shares of limits if all of them are free at once: the slots of permits in force (not expired at `now`) and
   * those wanted are within every capacity. Never waits.
   */
  acquirePermits(request: PermitRequest): Promise<PermitGrant>;
  /** Extends every permit of a holder that was not given back, expired ones too; rates are left as they are. */
  renewPermits(terms: {
    readonly holder: string;
    readonly now: EpochMs;
    readonly ttl: number;
  }): Promise<void>;
  /** Gives permits of a holder back by the ids of their requests. Rates stay taken until their time. Unknown ids are ignored. */
  releasePermits(holder: string, ids: readonly string[]): Promise<void>;
  /**
   * The permits of some limits that were not given back, rates included, in the order in which they were taken. Expired
   * ones may be among them: whoever asks knows the time.
   */
  permits(limits: readonly string[]): Promise<readonly Permit[]>;
  /**
   * Forgets ended top-level runs, the ones that ended first leading, with everything below them. What is leased, or has
   * hooks that are due at or below it, stays. One transaction: keep `limit` small where others wait.
   */
  prune(request: PruneRequest): Promise<Pruned>;
}
