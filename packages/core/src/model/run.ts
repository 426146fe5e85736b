import type { RunBounds } from './bounds.ts';
import type { EarlierVersion } from './code-version.ts';
import type { RunId } from './ids.ts';
import type { JsonValue } from './json.ts';
import type { EpochMs, State } from './state.ts';
import type { Membership } from './transaction.ts';

/** The generation of another run that a run took as input, or waited for. */
export interface Dependency {
  readonly runId: RunId;
  readonly generation: number;
}

/** What flow runs and task runs have in common. */
export interface RunBase {
  readonly id: RunId;
  /** The definition's name. */
  readonly name: string;
  /** What people call this run, where its definition says so. Identifies nothing. */
  readonly runName?: string;
  /** The `version` of its definition when it was last started or resumed, where that has one. */
  readonly definitionVersion?: string;
  /** The flow run at the top: it holds the lease under which this run is written. Its own id for a top-level flow. */
  readonly rootId: RunId;
  /** The run whose code started this one. Absent for a top-level flow. */
  readonly parentId?: RunId;
  /** The groups that the call stood in, outermost first. Absent outside of any. */
  readonly groups?: readonly string[];
  /** Counts from 1; running an ended run again makes the next one. */
  readonly generation: number;
  /** Counts the writes to this record, from 1; every write names the version it expects. */
  readonly version: number;
  readonly state: State;
  /** Attempts started in this generation. */
  readonly attempts: number;
  /** How often this run was taken up after its process died. */
  readonly recoveries: number;
  readonly createdAt: EpochMs;
  /** When the present generation first reached RUNNING. */
  readonly startedAt?: EpochMs;
  /** When the present generation ended. */
  readonly endedAt?: EpochMs;
  /** What the time of the present generation is bounded by, where its definition has a deadline or a window. */
  readonly bounds?: RunBounds;
  readonly tags: readonly string[];
  /**
   * Under which try of its parent the present generation was started: `generation.attempt`. What failed under an
   * earlier try is run again; what failed under the present one is replayed after a crash.
   */
  readonly parentTry?: string;
  /** Set when the run's effects were rolled back: lookups by key then pass it over. */
  readonly rolledBackAt?: EpochMs;
  /** The transaction in which the present generation was started. */
  readonly transaction?: Membership;
  /** The queue on which a worker may claim it; absent: only the process that made it. It stays as it was made. */
  readonly queue?: string;
}

/** One execution of a flow. */
export interface FlowRun extends RunBase {
  readonly kind: 'flow';
  /** The arguments, encoded. Kept so that another process can call the flow again. */
  readonly inputs: JsonValue;
  /** A second start with the same flow name and key gives this run instead of a new one. */
  readonly idempotencyKey?: string;
  /** Only of a top-level run: the version that the host gave its code, at the last start or resume. */
  readonly codeVersion?: string;
  /** Only of a top-level run: the commit of its code, at the last start or resume. */
  readonly gitCommit?: string;
  /** Only of a top-level run: the versions that it was executed by before, oldest first; absent where there was one. */
  readonly earlierVersions?: readonly EarlierVersion[];
  /** Only of a top-level run: the trace that it is part of, as the header `traceparent` of W3C Trace Context. */
  readonly traceparent?: string;
  /** The occurrence of a schedule that it was started for. */
  readonly scheduled?: { readonly schedule: string; readonly at: EpochMs };
  /** Identity within the parent, when this is a subflow. */
  readonly key?: string;
}

/** One execution of a task within a flow run. */
export interface TaskRun extends RunBase {
  readonly kind: 'task';
  readonly parentId: RunId;
  /** Identity within the parent, together with the name: the author's key, or a hash of the inputs and an ordinal. */
  readonly key: string;
  /** Hash of the inputs, also when the author gave a key. */
  readonly inputHash: string;
  /**
   * Only with a `queue`: the arguments of the present generation, encoded, so that the process which claims it can call
   * its function.
   */
  readonly inputs?: JsonValue;
  /** Runs whose outcome this one depends on: when one of them is run again, so is this. */
  readonly dependsOn: readonly Dependency[];
}

/** A run as a store keeps it. */
export type Run = FlowRun | TaskRun;

/** One step in the life of a run. */
export interface HistoryEntry {
  readonly runId: RunId;
  readonly generation: number;
  /** The version that the run's record has with this entry. Entries written together share it. */
  readonly version: number;
  /** Order among the entries of one version. */
  readonly step: number;
  readonly at: EpochMs;
  readonly state: State;
}

/** The hooks a definition may have. */
export type HookName =
  | 'onStart'
  | 'onSuccess'
  | 'onFailure'
  | 'onRetry'
  | 'onCancel'
  | 'onCrash'
  | 'onSkip'
  | 'onCommit'
  | 'onRollback';

/** A hook that is due and was not yet seen to be delivered. Written in the transaction of the transition that caused it. */
export interface PendingHook {
  /** Unique: run id, version, hook. */
  readonly id: string;
  readonly runId: RunId;
  readonly rootId: RunId;
  readonly hook: HookName;
  /** The state that the hook is told about. */
  readonly state: State;
  readonly at: EpochMs;
}

/** What `ctx.now()`, `ctx.random()` and `ctx.uuid()` gave: a resumed run is given the same again. */
export interface RecordedValue {
  readonly runId: RunId;
  readonly rootId: RunId;
  /** The run's generation and attempt that asked. */
  readonly scope: string;
  /** Which call of its kind in the scope: `now:0`, `now:1`, `uuid:0` … */
  readonly slot: string;
  readonly value: JsonValue;
}

/** A child process that a run started: killed on recovery if its parent died and it did not. */
export interface ChildRecord {
  readonly runId: RunId;
  readonly rootId: RunId;
  readonly bootId: string;
  readonly pid: number;
  /** Start time in the operating system's own unit, which tells a process from a later one with the same pid. */
  readonly startTime: string;
  /** The program's name, without its arguments. */
  readonly command: string;
}
