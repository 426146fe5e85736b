import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunId, RunQuery, RunStore } from '@holdfast/core';
import { DASHBOARD_READS } from '../../packages/storage/test/dashboard-reads.ts';
import { openBenchStore } from './bench-store.ts';
import { median, type Figure } from './harness.ts';
import { fillStore } from './many-runs.ts';

const TASKS = 1_000_000;
/** The time that the filling may take, in seconds. */
const FILLING = 900;
const TIMES = 5;
/** The most that a page may take, in milliseconds. */
const MOST = 50;

/** A list of the dashboard as it is asked of the runs that were made: the sample names become theirs. */
function asked(query: RunQuery, middle: RunId): RunQuery {
  const { after, parentId, rootId, name } = query;
  return {
    ...query,
    ...(after === undefined ? {} : { after: middle }),
    ...(parentId === undefined ? {} : { parentId: middle }),
    ...(rootId === undefined ? {} : { rootId: middle }),
    ...(name === undefined ? {} : { name: name === 'nightly' ? 'flow-7' : 'task-7' }),
  };
}

async function timeOf(read: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const start = performance.now();
    await read();
    times.push(performance.now() - start);
  }
  return median(times);
}

function readsOf(store: RunStore, middle: RunId): [what: string, read: () => Promise<unknown>][] {
  const lists = Object.entries<RunQuery>(DASHBOARD_READS).map(
    ([what, query]): [string, () => Promise<unknown>] => [
      what,
      () => store.runs(asked(query, middle)),
    ],
  );
  return [
    ...lists,
    ['one run', () => store.run(middle)],
    ['the history of a run', () => store.history(middle)],
    ['the open runs', () => store.openRuns()],
    ['what could be forgotten', () => store.prune({ endedBefore: 1, limit: 100, now: 1 })],
  ];
}

/** How long the reads of a dashboard take over very many runs: each a page of 100. */
export async function dashboardFigures(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const store = await openBenchStore('sqlite', join(directory, 'runs.db'));
    const { tasks, middle } = await fillStore(store, TASKS, FILLING);
    const figures: Figure[] = [];
    for (const [what, read] of readsOf(store, middle)) {
      const value = await timeOf(read);
      figures.push({
        name: `sqlite, ${tasks.toLocaleString('en')} task runs: ${what}`,
        value,
        unit: 'ms',
        baseline: null,
        ratio: null,
        target: `<= ${MOST} ms`,
        met: value <= MOST,
      });
    }
    await store.close();
    return figures;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
