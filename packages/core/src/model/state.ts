import type { Failure } from './failure.ts';
import type { JsonValue } from './json.ts';

/** Epoch milliseconds. */
export type EpochMs = number;

/** A result as it is kept: inline, or (above a size) by reference into an object store. */
export type StoredValue =
  | { readonly inline: JsonValue }
  | { readonly object: string; readonly bytes: number; readonly sha256: string };

/** Waits for its time: to start, for a slot, for its window to open, or to be taken up by another process. */
export interface ScheduledState {
  readonly type: 'SCHEDULED';
  readonly name: 'Scheduled' | 'AwaitingSlot' | 'AwaitingWindow' | 'AwaitingRecovery';
  readonly dueAt: EpochMs;
  /** An attempt that its process left is made again after the wait, under the same number. Absent for a new attempt. */
  readonly resumes?: true;
  /** Of AwaitingSlot: the limits that were in the way when the wait began. */
  readonly limits?: readonly string[];
}

/** An attempt failed; `nextAttempt` starts at `dueAt`. */
export interface AwaitingRetryState {
  readonly type: 'SCHEDULED';
  readonly name: 'AwaitingRetry';
  readonly dueAt: EpochMs;
  readonly nextAttempt: number;
  readonly error: Failure;
}

/** Made, and about to start. */
export interface PendingState {
  readonly type: 'PENDING';
  readonly name: 'Pending';
}

/** User code runs. `attempt` counts from 1. */
export interface RunningState {
  readonly type: 'RUNNING';
  readonly name: 'Running' | 'Retrying' | 'Resumed';
  readonly attempt: number;
}

/** Waits for input, or sleeps; holds neither lease nor permits. */
export interface PausedState {
  readonly type: 'PAUSED';
  readonly name: 'Paused' | 'Sleeping';
  /** When it goes on by itself, or gives up waiting; the earliest where it waits for several things. */
  readonly until?: EpochMs;
  /** The name of the input that it waits for. */
  readonly input?: string;
  /** The names of all of them, where it waits for several at once. */
  readonly inputs?: readonly string[];
}

/** Told to stop; its function has not ended yet. */
export interface CancellingState {
  readonly type: 'CANCELLING';
  readonly name: 'Cancelling';
  readonly reason: string;
  /** Set where the timeout of an attempt above it cuts it off. */
  readonly cutOff?: boolean;
}

/** Ended well. */
export interface CompletedState {
  readonly type: 'COMPLETED';
  readonly name: 'Completed' | 'Cached';
  readonly result: StoredValue;
  /** How many tasks of a flow ended otherwise than well although the flow completed. */
  readonly failedTasks?: number;
}

/** Ended with an error. */
export interface FailedState {
  readonly type: 'FAILED';
  readonly name: 'Failed' | 'TimedOut' | 'MissedWindow' | 'WindowClosed';
  readonly error: Failure;
}

/** Its process died and recovery was refused; `error` says why. */
export interface CrashedState {
  readonly type: 'CRASHED';
  readonly name: 'Crashed';
  readonly error: Failure;
}

/** Ended because somebody asked for it. */
export interface CancelledState {
  readonly type: 'CANCELLED';
  readonly name: 'Cancelled';
  readonly reason: string;
  /** Set where the timeout of an attempt above it cut it off: if that attempt goes on after a crash, it is run again. */
  readonly cutOff?: boolean;
}

/** Never ran, and will not. */
export interface SkippedState {
  readonly type: 'SKIPPED';
  readonly name: 'UpstreamFailed' | 'NotNeeded' | 'Overlap' | 'WontFit';
  readonly reason: string;
}

/** States that are never left within a generation. */
export type TerminalState =
  | CompletedState
  | FailedState
  | CrashedState
  | CancelledState
  | SkippedState;

/** States of a run that has not ended. */
export type OpenState =
  | ScheduledState
  | AwaitingRetryState
  | PendingState
  | RunningState
  | PausedState
  | CancellingState;

/** Where a run stands. Each variant carries only what is valid in it. */
export type State = OpenState | TerminalState;
/** The fixed set of kinds of states. */
export type StateType = State['type'];
/** The display names, each of which belongs to one type. */
export type StateName = State['name'];

const TERMINAL: ReadonlySet<StateType> = new Set<StateType>([
  'COMPLETED',
  'FAILED',
  'CRASHED',
  'CANCELLED',
  'SKIPPED',
]);

/** Every state type, in the order in which tables list them. */
export const STATE_TYPES: readonly StateType[] = [
  'SCHEDULED',
  'PENDING',
  'RUNNING',
  'PAUSED',
  'CANCELLING',
  'COMPLETED',
  'FAILED',
  'CRASHED',
  'CANCELLED',
  'SKIPPED',
];

/** Whether a state type is terminal. */
export function isTerminalType(type: StateType): type is TerminalState['type'] {
  return TERMINAL.has(type);
}

/** Whether a state is terminal: never left within its generation. */
export function isTerminal(state: State): state is TerminalState {
  return TERMINAL.has(state.type);
}
