import type { RunEventType } from './run-event.ts';
import type { StateName, StateType } from './state.ts';

/** One legal step: in these states, this event leads to that state. */
export interface TransitionRow {
  readonly event: RunEventType;
  readonly from: readonly StateType[];
  readonly to: StateType;
  readonly names: readonly StateName[];
  /** Who brings it about, in a few words. */
  readonly when: string;
}

const ENDED: readonly StateType[] = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED'];
const WAITING: readonly StateType[] = ['SCHEDULED', 'PENDING'];

/** Every legal pair of states. Nothing else can happen to a run; `docs/state-machine.md` is made from this table. */
export const TRANSITIONS: readonly TransitionRow[] = [
  {
    event: 'schedule',
    from: WAITING,
    to: 'SCHEDULED',
    names: ['Scheduled', 'AwaitingSlot', 'AwaitingWindow'],
    when: 'its start lies in the future, no slot is free, or its window has not opened',
  },
  {
    event: 'start',
    from: WAITING,
    to: 'RUNNING',
    names: ['Running', 'Retrying', 'Resumed'],
    when: 'an attempt begins, for the first time, after a failure, or after its process died',
  },
  {
    event: 'complete',
    from: ['RUNNING', 'CANCELLING'],
    to: 'COMPLETED',
    names: ['Completed'],
    when: 'its function returned, also when that was faster than a cancel',
  },
  {
    event: 'serveCached',
    from: WAITING,
    to: 'COMPLETED',
    names: ['Cached'],
    when: 'an equal run had a result already',
  },
  {
    event: 'fail',
    from: [...WAITING, 'RUNNING', 'PAUSED', 'CANCELLING'],
    to: 'FAILED',
    names: ['Failed'],
    when: 'its function threw and no retry is left, or it could not be started',
  },
  {
    event: 'timeOut',
    from: [...WAITING, 'RUNNING', 'PAUSED', 'CANCELLING'],
    to: 'FAILED',
    names: ['TimedOut'],
    when: 'an attempt took longer than its timeout and no retry is left, or its deadline passed',
  },
  {
    event: 'retryLater',
    from: ['RUNNING'],
    to: 'SCHEDULED',
    names: ['AwaitingRetry'],
    when: 'an attempt failed and a retry is left',
  },
  {
    event: 'skip',
    from: WAITING,
    to: 'SKIPPED',
    names: ['UpstreamFailed', 'NotNeeded', 'Overlap', 'WontFit'],
    when: 'something it needs ended otherwise than well, nobody needs it any more, another run of it is under way, or its window is too short',
  },
  {
    event: 'pause',
    from: ['RUNNING'],
    to: 'PAUSED',
    names: ['Paused', 'Sleeping'],
    when: 'its code waits for an input, or sleeps',
  },
  {
    event: 'resume',
    from: ['PAUSED'],
    to: 'RUNNING',
    names: ['Resumed'],
    when: 'the input it waited for was given, or its time has come',
  },
  {
    event: 'missWindow',
    from: WAITING,
    to: 'FAILED',
    names: ['MissedWindow'],
    when: 'its window closed before it could start, or was not open when it was made',
  },
  {
    event: 'closeWindow',
    from: ['SCHEDULED', 'RUNNING', 'PAUSED', 'CANCELLING'],
    to: 'FAILED',
    names: ['WindowClosed'],
    when: 'its window closed while it was under way, or would before its retry',
  },
  {
    event: 'requestCancel',
    from: ['RUNNING', 'PAUSED'],
    to: 'CANCELLING',
    names: ['Cancelling'],
    when: 'somebody asked for it to stop while its code ran',
  },
  {
    event: 'cancelled',
    from: [...WAITING, 'PAUSED', 'CANCELLING'],
    to: 'CANCELLED',
    names: ['Cancelled'],
    when: 'its function ended after a cancel, or it had not started',
  },
  {
    event: 'interrupt',
    from: ['RUNNING', 'PAUSED', 'PENDING'],
    to: 'SCHEDULED',
    names: ['AwaitingRecovery'],
    when: 'its engine was stopped, or its process was found dead',
  },
  {
    event: 'refuseRecovery',
    from: [...WAITING, 'RUNNING', 'PAUSED'],
    to: 'CRASHED',
    names: ['Crashed'],
    when: 'its process died and it may not be taken up again',
  },
  {
    event: 'again',
    from: ENDED,
    to: 'PENDING',
    names: ['Pending'],
    when: 'it is run again: a new generation',
  },
];

/** The row that allows this event in this state; undefined when nothing does. */
export function findTransition(from: StateType, event: RunEventType): TransitionRow | undefined {
  return TRANSITIONS.find((row) => row.event === event && row.from.includes(from));
}
