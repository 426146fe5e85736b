import type { RunEvent, RunEventType } from '../../src/model/run-event.ts';
import { newRunId } from '../../src/model/ids.ts';
import type { FlowRun, Run, TaskRun } from '../../src/model/run.ts';
import type { State, StateType } from '../../src/model/state.ts';

export const NOW = Date.UTC(2026, 0, 5, 2);
export const ERROR = { name: 'Error', message: 'no', code: 'E_NO' } as const;
const id = newRunId(NOW);

/** A state of each type. */
export const STATES: { readonly [type in StateType]: State } = {
  SCHEDULED: { type: 'SCHEDULED', name: 'Scheduled', dueAt: NOW },
  PENDING: { type: 'PENDING', name: 'Pending' },
  RUNNING: { type: 'RUNNING', name: 'Running', attempt: 1 },
  PAUSED: { type: 'PAUSED', name: 'Paused' },
  CANCELLING: { type: 'CANCELLING', name: 'Cancelling', reason: 'because' },
  COMPLETED: { type: 'COMPLETED', name: 'Completed', result: { inline: 1 } },
  FAILED: { type: 'FAILED', name: 'Failed', error: ERROR },
  CRASHED: { type: 'CRASHED', name: 'Crashed', error: ERROR },
  CANCELLED: { type: 'CANCELLED', name: 'Cancelled', reason: 'because' },
  SKIPPED: { type: 'SKIPPED', name: 'NotNeeded', reason: 'because' },
};

/** An event of each type. */
export const EVENTS: { readonly [type in RunEventType]: RunEvent } = {
  schedule: { type: 'schedule', dueAt: NOW + 1 },
  start: { type: 'start' },
  complete: { type: 'complete', result: { inline: 2 } },
  serveCached: { type: 'serveCached', result: { inline: 3 } },
  fail: { type: 'fail', error: ERROR },
  timeOut: { type: 'timeOut', error: ERROR },
  retryLater: { type: 'retryLater', dueAt: NOW + 5, error: ERROR },
  skip: { type: 'skip', name: 'UpstreamFailed', reason: 'upstream' },
  pause: { type: 'pause', name: 'Paused', input: 'approval' },
  resume: { type: 'resume' },
  missWindow: { type: 'missWindow', error: ERROR },
  closeWindow: { type: 'closeWindow', error: ERROR },
  requestCancel: { type: 'requestCancel', reason: 'asked' },
  cancelled: { type: 'cancelled', reason: 'asked' },
  interrupt: { type: 'interrupt', crashed: true },
  refuseRecovery: { type: 'refuseRecovery', error: ERROR },
  again: { type: 'again' },
};

const base = {
  id,
  name: 'sample',
  generation: 1,
  version: 1,
  attempts: 0,
  recoveries: 0,
  createdAt: NOW,
  tags: [],
};

/** A task run in a state. */
export function taskIn(state: State, more: Partial<TaskRun> = {}): TaskRun {
  const rootId = newRunId(NOW);
  return {
    ...base,
    kind: 'task',
    rootId,
    parentId: rootId,
    key: 'k',
    inputHash: 'h',
    dependsOn: [],
    state,
    ...more,
  };
}

/** A top-level flow run in a state. */
export function flowIn(state: State, more: Partial<FlowRun> = {}): Run {
  return { ...base, kind: 'flow', rootId: id, inputs: [], state, ...more };
}
