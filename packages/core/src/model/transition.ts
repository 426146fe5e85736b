import type { RunBounds } from './bounds.ts';
import type { Draft } from './draft.ts';
import type { Dependency, HookName, Run } from './run.ts';
import type { JsonValue } from './json.ts';
import type { RunEvent } from './run-event.ts';
import {
  isTerminal,
  type EpochMs,
  type PausedState,
  type RunningState,
  type ScheduledState,
  type State,
} from './state.ts';
import type { Membership } from './transaction.ts';
import { findTransition } from './transition-table.ts';

/** What a transition needs to know beside the run and the event. */
export interface TransitionFacts {
  readonly now: EpochMs;
  /** The try of the parent under which a new generation starts: see `Run.parentTry`. */
  readonly parentTry?: string;
  /** What bounds the time of a new generation. */
  readonly bounds?: RunBounds;
  /** The transaction in which a new generation is started. */
  readonly transaction?: Membership;
  /** What a task takes as input, where that has come to be known, or has changed. */
  readonly dependsOn?: readonly Dependency[];
  /** The arguments of a new generation of a task that waits on a queue. */
  readonly inputs?: JsonValue;
}

/** What has to be done because of a transition, as data. */
export interface Effect {
  readonly type: 'hook';
  readonly hook: HookName;
}

/** What an event does to a run: its next record and what follows, or that it is illegal there. */
export type Transition =
  | { readonly ok: true; readonly run: Run; readonly effects: readonly Effect[] }
  | { readonly ok: false; readonly reason: string };

/** Whether an attempt that a process left is to be made again: a crash uses up a recovery, not an attempt. */
function resumes({ state, attempts }: Run): boolean {
  if (state.type !== 'SCHEDULED' || state.name === 'AwaitingRetry' || attempts === 0) return false;
  return state.name === 'AwaitingRecovery' || state.resumes === true;
}

/** The state of nearly every attempt: one for all of them, since each is kept until its commit. */
const FIRST_ATTEMPT: RunningState = { type: 'RUNNING', name: 'Running', attempt: 1 };

function started(run: Run): RunningState {
  const { attempts } = run;
  if (run.state.type === 'PENDING' && attempts === 0) return FIRST_ATTEMPT;
  if (resumes(run)) return { type: 'RUNNING', name: 'Resumed', attempt: attempts };
  return { type: 'RUNNING', name: attempts === 0 ? 'Running' : 'Retrying', attempt: attempts + 1 };
}

function scheduled(run: Run, event: RunEvent & { type: 'schedule' }): ScheduledState {
  const { name = 'Scheduled', dueAt, limits } = event;
  return {
    type: 'SCHEDULED',
    name,
    dueAt,
    ...(resumes(run) ? { resumes: true } : {}),
    ...(limits === undefined ? {} : { limits }),
  };
}

function paused({ name, until, input, inputs }: RunEvent & { type: 'pause' }): PausedState {
  return {
    type: 'PAUSED',
    name,
    ...(until === undefined ? {} : { until }),
    ...(input === undefined ? {} : { input }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}

function nextState(run: Run, event: RunEvent, now: EpochMs): State {
  switch (event.type) {
    case 'schedule':
      return scheduled(run, event);
    case 'start':
      return started(run);
    case 'complete':
      return {
        type: 'COMPLETED',
        name: 'Completed',
        result: event.result,
        ...(event.failedTasks === undefined ? {} : { failedTasks: event.failedTasks }),
      };
    case 'serveCached':
      return { type: 'COMPLETED', name: 'Cached', result: event.result };
    case 'fail':
      return { type: 'FAILED', name: 'Failed', error: event.error };
    case 'timeOut':
      return { type: 'FAILED', name: 'TimedOut', error: event.error };
    case 'retryLater':
      return {
        type: 'SCHEDULED',
        name: 'AwaitingRetry',
        dueAt: event.dueAt,
        nextAttempt: run.attempts + 1,
        error: event.error,
      };
    case 'skip':
      return { type: 'SKIPPED', name: event.name, reason: event.reason };
    case 'pause':
      return paused(event);
    case 'resume':
      return { type: 'RUNNING', name: 'Resumed', attempt: run.attempts };
    case 'missWindow':
      return { type: 'FAILED', name: 'MissedWindow', error: event.error };
    case 'closeWindow':
      return { type: 'FAILED', name: 'WindowClosed', error: event.error };
    case 'requestCancel':
      return { type: 'CANCELLING', name: 'Cancelling', ...stopped(event) };
    case 'cancelled':
      return { type: 'CANCELLED', name: 'Cancelled', ...stopped(event) };
    case 'interrupt':
      return { type: 'SCHEDULED', name: 'AwaitingRecovery', dueAt: now };
    case 'refuseRecovery':
      return { type: 'CRASHED', name: 'Crashed', error: event.error };
    case 'again':
      return { type: 'PENDING', name: 'Pending' };
  }
}

/** Why something is stopped, as its state tells it. */
function stopped({ reason, cutOff }: RunEvent & { type: 'cancelled' | 'requestCancel' }) {
  return cutOff === true ? { reason, cutOff } : { reason };
}

/** What tells hooks of a state: made once, since it happens twice for each run. */
function tells(...hooks: readonly HookName[]): readonly Effect[] {
  return hooks.map((hook) => ({ type: 'hook', hook }));
}

const TELLS_NOBODY = tells();
const TELLS_OF_START = tells('onStart');
const TELLS_OF_RETRY = tells('onRetry');
const TELLS_OF_SUCCESS = tells('onSuccess');
/** A commit or a rollback of what was done comes later: it is due from the moment on that it was done. */
const TELLS_OF_DEED = tells('onSuccess', 'onCommit', 'onRollback');
const TELLS_OF_FAILURE = tells('onFailure');
const TELLS_OF_CRASH = tells('onCrash');
const TELLS_OF_CANCEL = tells('onCancel');
const TELLS_OF_SKIP = tells('onSkip');

function effectsOf({ transaction }: Run, state: State): readonly Effect[] {
  switch (state.type) {
    case 'RUNNING':
      return state.name === 'Running' ? TELLS_OF_START : TELLS_NOBODY;
    case 'SCHEDULED':
      return state.name === 'AwaitingRetry' ? TELLS_OF_RETRY : TELLS_NOBODY;
    case 'COMPLETED':
      return transaction !== undefined && state.name === 'Completed'
        ? TELLS_OF_DEED
        : TELLS_OF_SUCCESS;
    case 'FAILED':
      return TELLS_OF_FAILURE;
    case 'CRASHED':
      return TELLS_OF_CRASH;
    case 'CANCELLED':
      return TELLS_OF_CANCEL;
    case 'SKIPPED':
      return TELLS_OF_SKIP;
    case 'PENDING':
    case 'PAUSED':
    case 'CANCELLING':
      return TELLS_NOBODY;
  }
}

function inputsOf(
  { kind }: Run,
  { dependsOn, inputs }: TransitionFacts,
): { dependsOn?: readonly Dependency[]; inputs?: JsonValue } {
  if (kind !== 'task') return {};
  return {
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(inputs === undefined ? {} : { inputs }),
  };
}

function newGeneration(run: Run, state: State, facts: TransitionFacts): Run {
  const { startedAt: _s, endedAt: _e, rolledBackAt: _r, parentTry: _p, ...rest } = run;
  const { transaction: _t, bounds: _b, ...kept } = rest;
  const { parentTry, transaction, bounds } = facts;
  return {
    ...kept,
    ...(parentTry === undefined ? {} : { parentTry }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(bounds === undefined ? {} : { bounds }),
    ...inputsOf(run, facts),
    generation: run.generation + 1,
    version: run.version + 1,
    attempts: 0,
    recoveries: 0,
    state,
  };
}

function nextRun(run: Run, event: RunEvent, state: State, facts: TransitionFacts): Run {
  if (event.type === 'again') return newGeneration(run, state, facts);
  // Built in one piece: this happens twice for each run.
  const next: Draft<Run> = { ...run };
  next.version++;
  next.state = state;
  if (state.type === 'RUNNING') {
    next.attempts = state.attempt;
    next.startedAt ??= facts.now;
  }
  if (event.type === 'interrupt' && event.crashed && run.state.type === 'RUNNING') {
    next.recoveries++;
  }
  if (isTerminal(state)) next.endedAt = facts.now;
  if (next.kind === 'task' && facts.dependsOn !== undefined) next.dependsOn = facts.dependsOn;
  return next;
}

/**
 * The one way in which a run changes. Pure: same arguments, same answer; nothing is read or written.
 * A terminal state is left by `again` alone, which makes a new generation.
 */
export function transition(run: Run, event: RunEvent, facts: TransitionFacts): Transition {
  const row = findTransition(run.state.type, event.type);
  if (row === undefined) {
    return {
      ok: false,
      reason: `'${event.type}' cannot happen to a run in state ${run.state.type} (${run.state.name})`,
    };
  }
  const state = nextState(run, event, facts.now);
  return { ok: true, run: nextRun(run, event, state, facts), effects: effectsOf(run, state) };
}
