import type { HoldfastError } from '../errors/holdfast-error.ts';
import type { RunId } from '../model/ids.ts';
import type {
  ChildRecord,
  FlowRun,
  HistoryEntry,
  PendingHook,
  RecordedValue,
  Run,
} from '../model/run.ts';
import type { EpochMs, StateName, StateType } from '../model/state.ts';
import type { Claims } from './claims.ts';
import type { ArtifactWrite, LogWrite, RunNotes } from './run-notes.ts';
import type { CacheWrite, InputWrite, ScheduleWrite, SharedState } from './shared-state.ts';

/**
 * Names the lease under which a write is made: the root run, and the epoch that was granted. A store
 * applies the write only while that epoch is the root's present one.
 */
export interface Fence {
  readonly rootId: RunId;
  /** A run below the root that was claimed: the epoch is that of its own lease, not of the root's. See {@link Claims}. */
  readonly runId?: RunId;
  readonly epoch: number;
}

/** Asks for a lease on a run that is being made, in the same transaction. Its epoch is 1, it expires at the run's `createdAt` plus `ttl`. */
export interface LeaseTerms {
  /** Who holds it: see {@link Lease.holder}. */
  readonly holder: string;
  /** How long it lasts unless renewed, in milliseconds. */
  readonly ttl: number;
}

/** Creates a run, or writes its next state. */
export interface RunWrite {
  readonly kind: 'run';
  /** The version that the stored record must have; 0: it must not exist yet. */
  readonly expectVersion: number;
  /** The record as it shall be. Its version is greater than `expectVersion`. */
  readonly run: Run;
  /** The states that it went through, in order. */
  readonly history: readonly HistoryEntry[];
  /** Hooks that became due. */
  readonly hooks: readonly PendingHook[];
  /** Absent only when a top-level flow run is created, or when a run is written that nobody leases. */
  readonly fence?: Fence;
  /** Only on creation of a top-level flow run that starts in this process. */
  readonly lease?: LeaseTerms;
}

/** Keeps a value that a run's code was given. A second write to the same run, scope and slot is ignored. */
export interface RecordWrite {
  readonly kind: 'record';
  readonly value: RecordedValue;
  readonly fence: Fence;
}

/** Takes a pending hook off the list, once it was delivered. Unknown ids are ignored. */
export interface HookDeliveredWrite {
  readonly kind: 'hook-delivered';
  readonly id: string;
}

/** Notes a child process that was started, or that has ended. */
export interface ChildWrite {
  readonly kind: 'child-started' | 'child-ended';
  readonly child: ChildRecord;
}

/**
 * Asks for a run to be cancelled, from any process. Needs no lease and changes no version: the holder
 * learns of it when it renews, or when it looks at what it has claimed. The first reason stays, until the next generation.
 */
export interface CancelRequestWrite {
  readonly kind: 'cancel-request';
  readonly rootId: RunId;
  /** Asks it of this run below the root alone, which has a queue. Absent: of the root, and of all below it. */
  readonly runId?: RunId;
  readonly reason: string;
}

/** One thing to write. */
export type Write =
  | RunWrite
  | RecordWrite
  | HookDeliveredWrite
  | ChildWrite
  | CancelRequestWrite
  | LogWrite
  | ArtifactWrite
  | CacheWrite
  | InputWrite
  | ScheduleWrite;

/**
 * What became of one write. A conflict is a value, not an exception:
 * - `version`: the stored record is not at the expected version (or is missing);
 * - `exists`: a run with this id, with this identity in its parent (parent, name, key), or with this
 *   flow name and idempotency key exists; `run` is that one;
 * - `fence`: the lease was lost: another epoch is in force, or it was released; or the root is missing.
 *
 * `fence` is told before the others. An update that would change kind, name, key, parent or root is `version`.
 */
export type WriteOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly conflict: 'version' | 'fence' }
  | { readonly ok: false; readonly conflict: 'exists'; readonly run: Run };

/**
 * How much a commit must survive before it is acknowledged.
 * - `process`: the death of this process at any moment (SIGKILL);
 * - `machine`: also the loss of power: the bytes are on the disk (fsync).
 * Memory stores survive neither, and say so with {@link RunStore.durable}.
 */
export type Durability = 'process' | 'machine';

/** The right to write a root run and everything below it. */
export interface Lease {
  readonly rootId: RunId;
  /** The run below the root that it is of, where that has a queue. Absent: the lease of the root. */
  readonly runId?: RunId;
  /**
   * Who holds it: an opaque text that names machine boot, process and engine. Empty when it was released.
   */
  readonly holder: string;
  /** Grows by one with every change of holder, never with a renewal. */
  readonly epoch: number;
  readonly expiresAt: EpochMs;
}

/** Asks for the lease of an existing run. */
export interface LeaseRequest {
  readonly rootId: RunId;
  /** For the lease of a run below the root that has a queue. */
  readonly runId?: RunId;
  readonly holder: string;
  readonly ttl: number;
  readonly now: EpochMs;
  /**
   * A lease that has not expired is taken over all the same if it is exactly this one: the caller has
   * seen that its holder is dead.
   */
  readonly deadLease?: { readonly holder: string; readonly epoch: number };
}

/** The answer to a {@link LeaseRequest}. `lease` is the one in force now, whoever holds it. */
export interface LeaseGrant {
  readonly granted: boolean;
  readonly lease: Lease;
}

/** What a renewal found, a line per lease asked for. */
export interface LeaseRenewal {
  readonly rootId: RunId;
  readonly runId?: RunId;
  /** False: another epoch is in force, or the run is gone. Stop writing. */
  readonly held: boolean;
  /** Set when somebody asked for the root to be cancelled, or for the run whose lease it is. */
  readonly cancelReason?: string;
}

/** A top-level run that is not finished with, and its lease. */
export interface OpenRun {
  readonly run: FlowRun;
  readonly lease: Lease;
  readonly cancelReason?: string;
}

/** Which runs to list. All conditions must hold; an absent one always does. */
export interface RunQuery {
  readonly kind?: 'flow' | 'task';
  readonly name?: string;
  readonly states?: readonly StateType[];
  /** Only runs in a state of one of these names: finer than `states`, within which they are looked for. */
  readonly stateNames?: readonly StateName[];
  readonly parentId?: RunId;
  readonly rootId?: RunId;
  /** Only runs with this key. */
  readonly key?: string;
  /** Only runs that carry this tag. */
  readonly tag?: string;
  /** Only top-level runs that were made for an occurrence of the schedule of this name. */
  readonly schedule?: string;
  /** Only runs made at this time or later, in epoch milliseconds, by the time in their id. */
  readonly createdFrom?: EpochMs;
  /** Only runs made before this time. */
  readonly createdBefore?: EpochMs;
  /** Only runs without a parent. */
  readonly topLevel?: boolean;
  /** Only runs with an id greater (order 'oldest') or less (order 'newest') than this one: the last of the page before. */
  readonly after?: RunId;
  /** By id, which is by time of making. Default 'newest'. */
  readonly order?: 'newest' | 'oldest';
  /** At most this many. Default 100. */
  readonly limit?: number;
}

/**
 * Where runs are kept. The contract suite in `@holdfast/core/testing` holds every adapter to what is
 * written here.
 *
 * Promises of an adapter:
 * 1. `commit` is one transaction. It either throws, and then nothing in the batch is applied, or it
 *    resolves, and then exactly the writes with `ok: true` are. Writes are applied in the order given;
 *    a later one sees the earlier ones. Only where the connection is lost between the commit and its answer can the
 *    store not know; the error says so, and a retry meets its own write as `version` or `exists`.
 * 2. When `commit` resolves, the batch is as durable as was asked.
 * 3. A run write is applied only if version and fence are what was expected. History and hooks are
 *    written with it or not at all. A write without a fence is applied only while nobody leases the root, or the
 *    root has ended.
 * 4. (parent id, name, key) is unique among runs with a parent and a key; (flow name, idempotency key) among
 *    top-level flow runs; a run id among all.
 * 5. What is read is what was written; numbers are finite, and -0 may come back as 0. A stored record that does not
 *    parse is never guessed at: reads about one root are refused with `STORE_RECORD_CORRUPT`, which names the
 *    record; lists across roots leave it out, and hide no other.
 * 6. Nothing given to the store or received from it is shared: changing an object afterwards changes
 *    nothing in the store.
 * 7. Calls may overlap. `commit` calls are applied in the order in which they were made. A batch is encoded
 *    within the call: keep it to some 1,000 writes where the event loop matters.
 *
 * Errors are `HoldfastError`s: `STORE_UNAVAILABLE` (retryable: busy, connection lost, disk full),
 * `STORE_CLOSED` (before `open` and after `close`; a closed store stays closed), `STORE_WRITE_INVALID` (a write that
 * is none), `STORE_NEWER` (written by a newer version of the software: refused, untouched), `STORE_RECORD_CORRUPT`.
 */
export interface RunStore extends RunNotes, SharedState, Claims {
  /** The adapter's name, for messages: 'memory', 'sqlite', … */
  readonly adapter: string;
  /** Whether runs outlive the process. */
  readonly durable: boolean;

  /** Connects and migrates. Called once, before anything else; may be called again without effect. */
  open(): Promise<void>;
  /** Waits for what is under way, then closes what this store opened itself. Idempotent. */
  close(): Promise<void>;

  /**
   * Says that a commit of exactly this list, which nobody changes, will come as soon as the one under way is answered:
   * what takes time about it, and depends on nothing in the store, can be done meanwhile. Applies nothing and throws
   * nothing. What is wrong with the list its commit tells, which may also not come: of several such lists the last counts.
   * Absent where there is nothing to be gained.
   */
  prepare?(writes: readonly Write[]): void;
  /** Applies writes; the outcomes stand in the order of the writes. See promises 1 to 3. */
  commit(writes: readonly Write[], durability: Durability): Promise<readonly WriteOutcome[]>;

  /** The run with this id. */
  run(id: RunId): Promise<Run | undefined>;
  /** The runs that a query describes, in its order. */
  runs(query: RunQuery): Promise<readonly Run[]>;
  /** A run's history over all its generations, oldest first. Empty for an unknown id. */
  history(id: RunId): Promise<readonly HistoryEntry[]>;
  /** Every run below a root, the root not included, in the order they were made. What a recovery starts from. */
  below(rootId: RunId): Promise<readonly Run[]>;
  /** Everything recorded under a root. */
  recorded(rootId: RunId): Promise<readonly RecordedValue[]>;
  /** Hooks under a root that were never seen to be delivered, oldest first. Without a root: all, at most 1,000. */
  pendingHooks(rootId?: RunId): Promise<readonly PendingHook[]>;
  /** Children under a root that were not seen to end. */
  children(rootId: RunId): Promise<readonly ChildRecord[]>;

  /**
   * Top-level runs that are not finished with, oldest first, whoever leases them: those in an open
   * state, and ended ones with hooks still pending at or below them; but for those that wait on a queue.
   */
  openRuns(): Promise<readonly OpenRun[]>;
  /**
   * Takes a lease if it is free: released, expired, or the `deadLease` of the request. Taking it raises
   * the epoch. Also granted on an ended run, whose pending hooks may be due.
   *
   * @throws `RUN_UNKNOWN` when there is no such top-level run, or no such run with a queue below it
   */
  acquireLease(request: LeaseRequest): Promise<LeaseGrant>;
  /** Extends leases whose epoch and holder are still in force, expired ones too: a machine that slept goes on. */
  renewLeases(
    fences: readonly Fence[],
    terms: LeaseTerms & { readonly now: EpochMs },
  ): Promise<readonly LeaseRenewal[]>;
  /** Gives leases back at once, so that another process need not wait. Those no longer in force are left alone. */
  releaseLeases(fences: readonly Fence[]): Promise<void>;

  /**
   * Reads everything, and gives an error for each record that does not parse (`STORE_RECORD_CORRUPT`, also for those that
   * lists across roots leave out) and for whatever else the store finds broken in itself. Empty: it is sound. It takes as
   * long as reading everything does; other calls go on meanwhile.
   */
  check(): Promise<readonly HoldfastError[]>;
}
