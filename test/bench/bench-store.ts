import { newRunId, type FlowRun, type RunStore, type Write } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** What the workers of the benchmarks claim. */
export const QUEUE = { queues: ['bench'], flows: ['bench'], tasks: [] };

/** An open store of an adapter, at its file or its URL. */
export async function openBenchStore(adapter: string, place: string): Promise<RunStore> {
  if (adapter !== 'sqlite') throw new Error(`There is no run store '${adapter}'`);
  const store = sqliteRunStore(place);
  await store.open();
  return store;
}

/** Writes so many runs that wait on the queue. */
export async function fillQueue(store: RunStore, count: number): Promise<void> {
  const now = Date.now();
  for (let done = 0; done < count;) {
    const size = Math.min(1000, count - done);
    const writes = Array.from({ length: size }, () => waitingRun(now));
    await store.commit(writes, 'process');
    done += size;
  }
}

function waitingRun(now: number): Write {
  const id = newRunId(now);
  const state = { type: 'SCHEDULED', name: 'Scheduled', dueAt: now } as const;
  const run: FlowRun = {
    kind: 'flow',
    id,
    rootId: id,
    name: 'bench',
    queue: 'bench',
    generation: 1,
    version: 1,
    state,
    attempts: 0,
    recoveries: 0,
    createdAt: now,
    tags: [],
    inputs: [],
  };
  const history = [{ runId: id, generation: 1, version: 1, step: 0, at: now, state }];
  return { kind: 'run', expectVersion: 0, run, history, hooks: [] };
}
