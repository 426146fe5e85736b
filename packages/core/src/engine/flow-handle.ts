import type { RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import type { FlowRun, HookName } from '../model/run.ts';
import type { State } from '../model/state.ts';

/** A flow run that was started, or found. */
export interface FlowHandle<R> {
  readonly id: RunId;
  /** What it gave; throws what the flow threw. Within the run itself: `RUN_WAITS_ON_ITSELF`. */
  result(): Promise<R>;
  /**
   * How it ended, as a value; waits until it has, also for a run that another process executes, which is looked up in
   * the store again and again (after 0.1 s, then more rarely, at last every 5 s). A run that nobody executes is waited
   * for until somebody has recovered it. Rejects only when the run could not be recorded, was stopped, or was taken over, and within the run itself.
   */
  outcome(): Promise<Outcome<R>>;
  /** Where it stands, read from the store. */
  state(): Promise<State>;
  /** Its record, read from the store. */
  run(): Promise<FlowRun>;
  /** Asks it to stop, and waits until it has; within the run itself, it only asks. */
  cancel(reason?: string): Promise<void>;
}

/** A hook that is due, and whose definition this engine does not know. */
export interface HookLeft {
  readonly runId: RunId;
  /** The name of the flow or task. */
  readonly name: string;
  readonly hook: HookName;
}

/** A run that is paused, and that nobody has to do anything about yet. */
export interface WaitingRun {
  readonly runId: RunId;
  readonly name: string;
  /** When it goes on by itself, or gives up waiting for its input. */
  readonly until?: Date;
  /** The name of the input that it waits for. */
  readonly input?: string;
}

/** What became of the runs that an earlier process had left. */
export interface RecoveryReport {
  /** Taken up again; they go on in this process. */
  readonly resumed: readonly FlowHandle<unknown>[];
  /** Ended instead, because they may not be taken up again; their state says why. */
  readonly ended: readonly RunId[];
  /** Held by a process that lives, or whose lease has not expired yet; or on a queue that this engine does not work on. */
  readonly heldElsewhere: readonly RunId[];
  /** Paused, and left alone until their time has come, or their input is there. */
  readonly waiting: readonly WaitingRun[];
  /** Of flows that this engine does not know; left alone. */
  readonly unknown: readonly { readonly runId: RunId; readonly name: string }[];
  /**
   * This engine could not take these up (a resource is missing, the flow no longer accepts the arguments, a record is
   * corrupt): they are as they were, for another try.
   */
  readonly failed: readonly {
    readonly runId: RunId;
    readonly name: string;
    readonly error: Error;
  }[];
  /** Hooks that stay due. Give their definitions to `createEngine` with `flows` and `tasks`. */
  readonly hooksLeft: readonly HookLeft[];
}

/** A report while it is being written. */
export type Report = { -readonly [K in keyof RecoveryReport]: RecoveryReport[K][number][] };

/** A report before anything was found. */
export function emptyReport(): Report {
  return {
    resumed: [],
    ended: [],
    heldElsewhere: [],
    waiting: [],
    unknown: [],
    failed: [],
    hooksLeft: [],
  };
}
