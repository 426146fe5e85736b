import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createEngine, flow, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { interleaved, median, type Figure } from './harness.ts';

const SEQUENTIAL = 300;
const FANNED_OUT = 10_000;

const noop = task(async (n: number) => n, { name: 'noop' });
const sequential = flow(
  async () => {
    for (let n = 0; n < SEQUENTIAL; n++) await noop(n);
  },
  { name: 'sequential' },
);
const fanOut = flow(
  async () => {
    await Promise.all(Array.from({ length: FANNED_OUT }, (_, n) => noop.submit(n)));
  },
  { name: 'fan-out' },
);

/** One row a commit with synchronous=FULL: what the disk allows. */
function rawCommits(path: string): () => void {
  const db = new DatabaseSync(path);
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)',
  );
  const insert = db.prepare('INSERT INTO t (v) VALUES (?)');
  return () => {
    for (let n = 0; n < SEQUENTIAL; n++) insert.run(`a row of some length ${n}`);
  };
}

/** Watches how late a timer of 1 ms fires: what the work leaves of the event loop. */
function watchLoop(): () => number {
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return late.toSorted((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? Number.NaN;
  };
}

/** The engine on SQLite with synchronous=FULL, against bare commits on the same file system. */
export async function sqliteFigures(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const engine = createEngine({ store: sqliteRunStore(join(directory, 'runs.db')) });
  try {
    const raw = rawCommits(join(directory, 'raw.db'));
    const pair = await interleaved(() => engine.run(sequential), raw);
    const rate = (SEQUENTIAL / pair.ours) * 1000;
    const rawRate = (SEQUENTIAL / pair.baseline) * 1000;
    const ratio = pair.baseline / pair.ours;
    const fans: number[] = [];
    const stalls: number[] = [];
    for (let block = 0; block < 3; block++) {
      const stalled = watchLoop();
      const start = performance.now();
      await engine.run(fanOut);
      fans.push((FANNED_OUT / (performance.now() - start)) * 1000);
      stalls.push(stalled());
    }
    const bound = Math.min(20_000, rawRate * 10);
    const fan = median(fans);
    return [
      {
        name: 'SQLite: tasks in sequence',
        value: rate,
        unit: 'tasks/s',
        baseline: rawRate,
        ratio,
        target: '>= 0.65 of bare FULL commits',
        met: ratio >= 0.65,
      },
      {
        name: 'SQLite: fan-out of 10,000',
        value: fan,
        unit: 'tasks/s',
        baseline: rawRate,
        ratio: fan / rawRate,
        target: `>= ${bound.toFixed(0)}/s`,
        met: fan >= bound,
      },
      {
        name: 'SQLite: event loop meanwhile, p99 of a 1 ms timer',
        value: median(stalls),
        unit: 'ms',
        baseline: null,
        ratio: null,
        target: '<= 20 ms',
        met: median(stalls) <= 20,
      },
    ];
  } finally {
    await engine.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
