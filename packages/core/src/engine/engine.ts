import type { Args, FlowValue } from '../definition/callable-types.ts';
import type { Definition } from '../definition/definition.ts';
import type { EngineEvents } from '../events/engine-events.ts';
import type { Duration } from '../model/duration.ts';
import type { RunId } from '../model/ids.ts';
import type { HistoryEntry, Run } from '../model/run.ts';
import type { Explanation } from '../reading/explanation.ts';
import type { Timeline } from '../reading/timeline.ts';
import type { RunQuery } from '../store/run-store.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { FlowHandle, RecoveryReport } from './flow-handle.ts';

type RunArguments<A extends readonly unknown[]> = [] extends A ? [args?: A] : [args: A];

/** What can be said beside the arguments when a flow is started. */
export interface StartOptions {
  /** A second start of the same flow under this key gives the run of the first, whatever has become of it. */
  readonly idempotencyKey?: string;
}

/** Executes flows on a run store. Made with `createEngine`; there can be many in a process. */
export interface Engine {
  /** What happens, as it happens. */
  readonly events: Pick<EngineEvents, 'on'>;

  /**
   * Runs a flow to its end.
   *
   * @throws what the flow threw; `INPUT_INVALID`, `INPUT_NOT_SERIALISABLE`, `DURABLE_STORE_REQUIRED`,
   *   `ENGINE_STOPPED`, and what the store throws
   */
  run<F extends Function>(flow: F, ...rest: RunArguments<Args<F>>): Promise<FlowValue<F>>;
  /** Starts a flow; resolves when its run is recorded. Throws as `run` does, but for what the flow throws. */
  start<F extends Function>(
    flow: F,
    args: Args<F>,
    options?: StartOptions,
  ): Promise<FlowHandle<FlowValue<F>>>;
  /**
   * Takes up every run that an earlier process left and nobody holds: completed tasks are not executed again.
   * Call it when the service starts, with all its flows known; again from time to time where several
   * processes share the store.
   */
  recover(): Promise<RecoveryReport>;
  /**
   * Looks after the store until the engine is stopped: takes up what earlier processes left, now and from time to time,
   * and starts the runs of its schedules as their times come. Keeps the process alive. A second call does nothing more.
   *
   * @returns what the first recovery found
   */
  serve(options?: {
    /** How long until it looks again for runs that nobody holds. Default 30 s. */
    readonly recoverEvery?: Duration;
  }): Promise<RecoveryReport>;
  /** The schedules in the store. */
  readonly schedules: Schedules;
  /**
   * Runs an ended flow run again, as its next generation, under the same id and with the arguments it was given. What
   * had completed below it stands and is not executed; what failed, crashed, was cancelled or skipped is executed
   * again, and so is everything that takes it as input. What had become of it stays in its history.
   *
   * @throws `RUN_UNKNOWN`, `NOT_TOP_LEVEL`, `RUN_NOT_ENDED`, `FLOW_UNKNOWN`, `RUN_HELD`, `INPUT_NOT_KEPT`
   */
  retry(id: RunId): Promise<FlowHandle<unknown>>;
  /** A handle of a run in the store. Its outcome is at hand once the run has ended. Throws `RUN_UNKNOWN`. */
  find(id: RunId): Promise<FlowHandle<unknown>>;
  /** Asks a run to stop, whichever process executes it; one elsewhere notices within a third of its lease. Throws `RUN_UNKNOWN`, `NOT_TOP_LEVEL`. */
  cancel(id: RunId, reason?: string): Promise<void>;
  /** Runs in the store, newest first. */
  runs(query?: RunQuery): Promise<readonly Run[]>;
  /** Every run below a flow run, in the order they were made. */
  below(id: RunId): Promise<readonly Run[]>;
  /** The states that a run has gone through. Throws `RUN_UNKNOWN`. */
  history(id: RunId): Promise<readonly HistoryEntry[]>;
  /**
   * What there is to know of a run, running or ended: what it waits for, what failed first, what would run again, and
   * one sentence that says so. Needs no definitions; without that of a run it cannot tell how many recoveries are
   * allowed. Throws `RUN_UNKNOWN`.
   */
  explain(id: RunId): Promise<Explanation>;
  /**
   * A run and all below it as a Mermaid flowchart: what started what, what waited for what, and how each stands. From
   * 200 runs on, runs of one name are one node. Throws `RUN_UNKNOWN`.
   */
  mermaid(id: RunId): Promise<string>;
  /**
   * When a run and all below it waited, ran and backed off, from their histories: one read each. `timelineText` and
   * `timelineGantt` draw it. Throws `RUN_UNKNOWN`.
   */
  timeline(id: RunId): Promise<Timeline>;
  /**
   * Stops: starts nothing more, waits for what is under way, then interrupts it (it goes on with `recover()`),
   * gives the leases back and closes the store. Idempotent.
   */
  stop(options?: {
    /** How long to wait before interrupting. Default 0. */
    readonly timeout?: Duration;
  }): Promise<void>;
}

/** What the calls of flows and tasks need of an engine beyond its face. */
export interface CallTarget {
  startDefinition(
    definition: Definition,
    args: readonly unknown[],
    options: StartOptions,
  ): Promise<FlowHandle<unknown>>;
}
