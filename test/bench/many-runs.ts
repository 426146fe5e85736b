import {
  newRunId,
  type Run,
  type RunId,
  type RunStore,
  type RunWrite,
  type State,
} from '@holdfast/core';

const PER_ROOT = 1000;
/** Writes in one commit. */
const BATCH = 1000;

const COMPLETED: State = { type: 'COMPLETED', name: 'Completed', result: { inline: null } };
const FAILED: State = {
  type: 'FAILED',
  name: 'Failed',
  error: { name: 'Error', message: 'connection refused', retryable: true },
};

/** One run in two hundred failed. */
function stateOf(n: number): State {
  return n % 200 === 199 ? FAILED : COMPLETED;
}

function creation(run: Run): RunWrite {
  const { id: runId, state, createdAt: at } = run;
  const history = [{ runId, generation: 1, version: 1, step: 0, at, state }];
  return { kind: 'run', expectVersion: 0, run, history, hooks: [] };
}

function ended(id: RunId, at: number, name: string, n: number) {
  const state = stateOf(n);
  const times = { createdAt: at, startedAt: at, endedAt: at + 5 };
  const counts = { generation: 1, version: 1, attempts: 1, recoveries: 0 };
  return { ...counts, ...times, id, name, state, tags: n % 10 === 0 ? ['prod'] : [] };
}

/** A flow run and the tasks below it, made at a time. */
function* writesOfRoot(n: number, at: number): Generator<RunWrite> {
  const rootId = newRunId(at);
  yield creation({ ...ended(rootId, at, `flow-${n % 20}`, n), kind: 'flow', rootId, inputs: [n] });
  for (let task = 0; task < PER_ROOT; task++) {
    yield creation({
      ...ended(newRunId(at + 1 + task), at + 1 + task, `task-${task % 50}`, n + task),
      kind: 'task',
      rootId,
      parentId: rootId,
      key: `${task}`,
      inputHash: `${task}`,
      dependsOn: [],
    });
  }
}

/**
 * Fills a store with ended runs, a thousand tasks to a flow, until there are so many tasks or the time is over.
 *
 * @returns how many tasks there are, and a flow run from the middle
 */
export async function fillStore(
  store: RunStore,
  tasks: number,
  seconds: number,
): Promise<{ readonly tasks: number; readonly middle: RunId }> {
  const roots: RunId[] = [];
  const until = performance.now() + seconds * 1000;
  const first = Date.now() - tasks * 2;
  while (roots.length * PER_ROOT < tasks && performance.now() < until) {
    const writes = [...writesOfRoot(roots.length, first + roots.length * PER_ROOT * 2)];
    roots.push(writes[0]?.run.id as RunId);
    for (let from = 0; from < writes.length; from += BATCH) {
      await store.commit(writes.slice(from, from + BATCH), 'process');
    }
  }
  return { tasks: roots.length * PER_ROOT, middle: roots[roots.length >> 1] as RunId };
}
