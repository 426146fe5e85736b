import { uuidv7 } from '../model/ids.ts';
import type { RunId } from '../model/ids.ts';
import type { FlowRun, HistoryEntry, HookName, PendingHook, Run, TaskRun } from '../model/run.ts';
import type { State } from '../model/state.ts';
import { isTerminal } from '../model/state.ts';
import type { Fence, LeaseTerms, RunWrite } from '../store/run-store.ts';

/** When sample runs are made: 2026-01-05T02:00:00Z, in epoch milliseconds. */
export const SAMPLE_TIME = 1_767_578_400_000;

/** The id of the nth sample run; they ascend with `n`, a millisecond apart. */
export function sampleId(n: number): RunId {
  return uuidv7(SAMPLE_TIME + n, (bytes) => bytes.fill(n % 251)) as RunId;
}

/** A state of each name, with every optional member present somewhere. */
export const SAMPLE_STATES: readonly State[] = sampleStates();

function sampleStates(): State[] {
  const error = {
    name: 'Error',
    message: 'connection refused\n\u{1f4be}',
    code: 'ECONNREFUSED',
    hint: 'start the database',
    retryable: true,
    stack: 'Error: connection refused\n    at dump (orders.ts:1:1)',
    context: { port: 5432, host: 'db', tried: [null, true, 1.5] },
    cause: { name: 'AggregateError', message: '', errors: [{ name: 'A', message: 'a' }] },
  };
  const sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const dueAt = SAMPLE_TIME + 60_000;
  return [
    { type: 'SCHEDULED', name: 'Scheduled', dueAt },
    { type: 'SCHEDULED', name: 'AwaitingSlot', dueAt, limits: ['db', ''] },
    { type: 'SCHEDULED', name: 'AwaitingWindow', dueAt, resumes: true },
    { type: 'SCHEDULED', name: 'AwaitingRecovery', dueAt },
    { type: 'SCHEDULED', name: 'AwaitingRetry', dueAt, nextAttempt: 2, error },
    { type: 'PENDING', name: 'Pending' },
    { type: 'RUNNING', name: 'Running', attempt: 1 },
    { type: 'RUNNING', name: 'Retrying', attempt: 2 },
    { type: 'RUNNING', name: 'Resumed', attempt: 1 },
    { type: 'PAUSED', name: 'Paused', input: 'approval' },
    { type: 'PAUSED', name: 'Paused', input: 'yes', inputs: ['yes', 'no'], until: dueAt },
    { type: 'PAUSED', name: 'Sleeping', until: dueAt },
    { type: 'CANCELLING', name: 'Cancelling', reason: 'shutdown' },
    { type: 'CANCELLING', name: 'Cancelling', reason: 'timed out', cutOff: true },
    { type: 'COMPLETED', name: 'Completed', result: { inline: { rows: 12 } }, failedTasks: 1 },
    { type: 'COMPLETED', name: 'Completed', result: { object: 'results/1', bytes: 9, sha256 } },
    { type: 'COMPLETED', name: 'Cached', result: { inline: null } },
    { type: 'FAILED', name: 'Failed', error },
    { type: 'FAILED', name: 'TimedOut', error },
    { type: 'FAILED', name: 'MissedWindow', error },
    { type: 'FAILED', name: 'WindowClosed', error },
    { type: 'CRASHED', name: 'Crashed', error },
    { type: 'CANCELLED', name: 'Cancelled', reason: '' },
    { type: 'CANCELLED', name: 'Cancelled', reason: 'timed out', cutOff: true },
    { type: 'SKIPPED', name: 'UpstreamFailed', reason: 'dump failed' },
    { type: 'SKIPPED', name: 'NotNeeded', reason: 'nothing changed' },
    { type: 'SKIPPED', name: 'Overlap', reason: 'still running' },
    { type: 'SKIPPED', name: 'WontFit', reason: 'the window is too short' },
  ];
}

/** User code runs, for the first time. */
export const RUNNING: State = { type: 'RUNNING', name: 'Running', attempt: 1 };
/** Ended well, with nothing to tell. */
export const COMPLETED: State = {
  type: 'COMPLETED',
  name: 'Completed',
  result: { inline: null },
};

/** The nth sample run as a top-level flow run that has just started. */
export function sampleFlow(n: number, differences: Partial<FlowRun> = {}): FlowRun {
  return {
    kind: 'flow',
    id: sampleId(n),
    name: 'nightly',
    rootId: sampleId(n),
    generation: 1,
    version: 1,
    state: RUNNING,
    attempts: 1,
    recoveries: 0,
    createdAt: SAMPLE_TIME + n,
    startedAt: SAMPLE_TIME + n,
    tags: [],
    inputs: [],
    ...differences,
  };
}

/** The nth sample run as a task run that has just started below `parent`. Its key is `key-n`. */
export function sampleTask(n: number, parent: Run, differences: Partial<TaskRun> = {}): TaskRun {
  return {
    kind: 'task',
    id: sampleId(n),
    name: 'dump',
    rootId: parent.rootId,
    parentId: parent.id,
    key: `key-${n}`,
    inputHash: `hash-${n}`,
    dependsOn: [],
    generation: 1,
    version: 1,
    state: RUNNING,
    attempts: 1,
    recoveries: 0,
    createdAt: SAMPLE_TIME + n,
    startedAt: SAMPLE_TIME + n,
    tags: [],
    ...differences,
  };
}

/** The nth sample run as a subflow below `parent`. */
export function sampleSubflow(n: number, parent: Run, differences: Partial<FlowRun> = {}): FlowRun {
  return sampleFlow(n, {
    rootId: parent.rootId,
    parentId: parent.id,
    key: `key-${n}`,
    ...differences,
  });
}

/** A run one version later, in another state. */
export function advanced<R extends Run>(run: R, state: State, differences: Partial<R> = {}): R {
  const version = run.version + 1;
  const ended = isTerminal(state) ? { endedAt: run.createdAt + version } : {};
  return { ...run, ...ended, version, state, ...differences };
}

/** The step by which a run reached the state it is in. */
export function sampleStep(run: Run): HistoryEntry {
  const { id: runId, generation, version, createdAt, state } = run;
  return { runId, generation, version, step: 0, at: createdAt + version, state };
}

/** A hook that the run's present state made due. */
export function sampleHook(run: Run, hook: HookName = 'onStart'): PendingHook {
  const { id: runId, rootId, version, state, createdAt } = run;
  return { id: `${runId}:${version}:${hook}`, runId, rootId, hook, state, at: createdAt };
}

/** Under what a sample write is made. */
export interface WriteTerms {
  readonly fence?: Fence;
  readonly lease?: LeaseTerms;
  readonly hooks?: readonly PendingHook[];
}

/** Creates a run, with one step of history. */
export function creation(run: Run, terms: WriteTerms = {}): RunWrite {
  return { kind: 'run', expectVersion: 0, run, history: [sampleStep(run)], hooks: [], ...terms };
}

/** Writes a run over the version before it, with one step of history. */
export function update(run: Run, terms: WriteTerms = {}): RunWrite {
  return { ...creation(run, terms), expectVersion: run.version - 1 };
}
