import type { Args, FlowValue } from '../definition/callable-types.ts';
import type { Definition } from '../definition/definition.ts';
import type { EngineEvents } from '../events/engine-events.ts';
import type { Duration } from '../model/duration.ts';
import type { RunId } from '../model/ids.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { FlowHandle, RecoveryReport } from './flow-handle.ts';
import type { ResultsSwept, SweepResultsOptions } from './results/sweep-results.ts';
import type { PruneOptions, PruneReport } from './retention/prune-options.ts';
import type { Queues } from './queues/queues.ts';
import type { RunReader } from './run-reader.ts';

type RunArguments<A extends readonly unknown[]> = [] extends A ? [args?: A] : [args: A];

/** What can be said beside the arguments when a flow is started. */
export interface StartOptions {
  /** A second start of the same flow under this key gives the run of the first, whatever has become of it. */
  readonly idempotencyKey?: string;
  /**
   * The trace that the run is part of: the header `traceparent` of W3C Trace Context. It is kept with the run, also over a
   * crash, and everything below it finds it in `runContext().traceparent`. Else `TRACEPARENT_INVALID`.
   */
  readonly traceparent?: string;
}

/** Forgets what nobody needs any more. */
export interface HistoryKeeper {
  /**
   * Forgets ended top-level runs with everything below them, also their results in an object store, the ones that ended
   * first leading. What has not ended, is leased, or has hooks that are due stays. `serve()` does so by itself, by the
   * option `retention`.
   *
   * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
   */
  prune(options: PruneOptions): Promise<PruneReport>;
  /**
   * Removes objects below the prefix of the results that belong to no run: what a crash has left between the put of a
   * result and its outcome, and results of forgotten runs whose removal failed. Reads a record or two for each object: to
   * be called now and then, by one process.
   *
   * @throws `OPTIONS_INVALID` also when the engine has no object store for results; what the stores throw
   */
  sweepResults(options?: SweepResultsOptions): Promise<ResultsSwept>;
}

/** Executes flows on a run store. Made with `createEngine`; there can be many in a process. */
export interface Engine extends RunReader, HistoryKeeper, Queues {
  /** What happens, as it happens. */
  readonly events: Pick<EngineEvents, 'on'>;

  /**
   * Runs a flow to its end.
   *
   * @throws what the flow threw; `INPUT_INVALID`, `TRACEPARENT_INVALID`, `INPUT_NOT_SERIALISABLE`, `DURABLE_STORE_REQUIRED`,
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
   * Takes up every run that an earlier process left and nobody holds: completed tasks are not executed again. One that
   * is paused is left alone until its time has come.
   * Call it when the service starts, with all its flows known; again from time to time where several
   * processes share the store.
   */
  recover(): Promise<RecoveryReport>;
  /**
   * Looks after the store until the engine is stopped: takes up what earlier processes left, now, from time to time, and
   * when the first of the paused runs it has found may go on (a second later, where another process still may have it);
   * starts the runs of its schedules as their times come; forgets old runs by its retention. Keeps the process alive. A second call does nothing more.
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
   * had completed below it stands and is not executed; what failed, crashed, was cancelled, skipped or rolled back is
   * executed again, and so is everything that takes it as input. What had become of it stays in its history.
   *
   * @throws `RUN_UNKNOWN`, `NOT_TOP_LEVEL`, `RUN_NOT_ENDED`, `FLOW_UNKNOWN`, `RUN_HELD`, `INPUT_NOT_KEPT`
   */
  retry(id: RunId): Promise<FlowHandle<unknown>>;
  /**
   * Gives a value to the flow or task run that asks for it with `runContext().pauseForInput(name)`, in whatever process; a
   * value that is given before it asks is kept for it. The first value stays. Resolves when it is on the disk. A run that
   * nobody holds goes on with the next look of an engine that serves: 6 s after the value was given, where it was given
   * there, so that a process that may still have it in memory goes first.
   *
   * @throws `RUN_UNKNOWN`, `INPUT_TOO_LATE` (it has ended), `INPUT_ALREADY_GIVEN` (another value), `INPUT_REFUSED` (it does not
   *   fit what its definition declares, or what its code in this engine waits for), `NOT_SERIALISABLE`,
   *   `SECRET_IN_VALUE`, `KEY_INVALID`
   */
  provideInput(id: RunId, name: string, value: unknown): Promise<void>;
  /** A handle of a run in the store. Its outcome is at hand once the run has ended. Throws `RUN_UNKNOWN`. */
  find(id: RunId): Promise<FlowHandle<unknown>>;
  /**
   * Asks a run to stop, whichever process executes it; one elsewhere notices within a third of its lease. One that nobody
   * holds, since it is paused or was left behind, is ended at once where this engine knows its flow, and without calling
   * it; else by the next recovery of an engine that does. Throws `RUN_UNKNOWN`, `NOT_TOP_LEVEL`.
   */
  cancel(id: RunId, reason?: string): Promise<void>;
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
