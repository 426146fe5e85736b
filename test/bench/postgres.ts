import { createEngine, flow, task } from '@holdfast/core';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { Client } from 'pg';
import { startPostgres } from '../servers/postgres.ts';
import { interleaved, median, type Figure } from './harness.ts';

const SEQUENTIAL = 300;
const FANNED_OUT = 10_000;
const QUEUED = 10_000;
const WORKERS = 8;

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

/** One row a commit, one client, synchronous_commit on: what the server and its disk allow. */
async function rawCommits(client: Client): Promise<void> {
  for (let n = 0; n < SEQUENTIAL; n++) {
    await client.query('insert into raw (v) values ($1)', [`a row of some length ${n}`]);
  }
}

/** Tasks in sequence and side by side, against bare commits on the same server. */
async function taskFigures(url: string): Promise<Figure[]> {
  const client = new Client(url);
  await client.connect();
  await client.query(
    'create table raw (id bigint generated always as identity primary key, v text)',
  );
  const engine = createEngine({ store: postgresRunStore({ url }) });
  try {
    const pair = await interleaved(
      () => engine.run(sequential),
      () => rawCommits(client),
    );
    const rawRate = (SEQUENTIAL / pair.baseline) * 1000;
    const ratio = pair.baseline / pair.ours;
    const fans: number[] = [];
    for (let block = 0; block < 3; block++) {
      const start = performance.now();
      await engine.run(fanOut);
      fans.push((FANNED_OUT / (performance.now() - start)) * 1000);
    }
    const bound = Math.min(5000, rawRate * 10);
    const fan = median(fans);
    return [
      {
        name: 'PostgreSQL: tasks in sequence',
        value: (SEQUENTIAL / pair.ours) * 1000,
        unit: 'tasks/s',
        baseline: rawRate,
        ratio,
        target: '>= 0.65 of bare commits of one client',
        met: ratio >= 0.65,
      },
      {
        name: 'PostgreSQL: fan-out of 10,000',
        value: fan,
        unit: 'tasks/s',
        baseline: rawRate,
        ratio: fan / rawRate,
        target: `>= ${bound.toFixed(0)}/s`,
        met: fan >= bound,
      },
    ];
  } finally {
    await engine.stop();
    await client.end();
  }
}

/** Runs that wait on a queue, taken by workers that ask at the same time. */
async function claimFigure(url: string): Promise<Figure> {
  const options = { url, schema: 'claims' };
  const maker = postgresRunStore(options);
  await maker.open();
  for (let n = 0; n < QUEUED; n += 250) {
    const runs = Array.from({ length: 250 }, (_, at) => sampleFlow(n + at + 1, { queue: 'work' }));
    await maker.commit(
      runs.map((run) => creation(run)),
      'process',
    );
  }
  const workers = await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      const store = postgresRunStore({ ...options, maxConnections: 2 });
      await store.open();
      return store;
    }),
  );
  const given: string[] = [];
  const start = performance.now();
  await Promise.all(
    workers.map(async (store, n) => {
      const terms = { holder: `worker-${n}`, ttl: 60_000, queues: ['work'], tasks: [], limit: 10 };
      for (;;) {
        const flows = [sampleFlow(1).name];
        const claims = await store.claim({ ...terms, flows, now: Date.now() });
        if (claims.length === 0) return;
        given.push(...claims.map(({ run }) => run.id));
      }
    }),
  );
  const rate = (given.length / (performance.now() - start)) * 1000;
  const once = given.length === QUEUED && new Set(given).size === QUEUED;
  await Promise.all([maker, ...workers].map((store) => store.close()));
  return {
    name: `PostgreSQL: claims by ${WORKERS} workers, ten at a time`,
    value: rate,
    unit: once ? 'runs/s, each once' : 'runs/s, NOT each once',
    baseline: null,
    ratio: null,
    target: '>= 2000/s, each once',
    met: once && rate >= 2000,
  };
}

/** The run store on a PostgreSQL server of this machine, with synchronous_commit and fsync on. */
export async function postgresFigures(): Promise<Figure[]> {
  const server = await startPostgres({ settings: { fsync: 'on' } });
  try {
    return [...(await taskFigures(server.url())), await claimFigure(server.url())];
  } finally {
    await server.stop();
  }
}
