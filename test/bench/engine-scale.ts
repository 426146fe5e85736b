import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine, flow, memoryRunStore, task } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { median, type Figure } from './harness.ts';

const MB = 1_000_000;
const RECOVERED = 10_000;

const noop = task(async (n: number) => n, { name: 'noop' });

function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

function* upTo(count: number): Generator<number> {
  for (let n = 0; n < count; n++) yield n;
}

async function mapped(count: number): Promise<{ perTask: number; peak: number; after: number }> {
  const engine = createEngine({ store: memoryRunStore() });
  const idle = heap();
  let peak = idle;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed);
  }, 5);
  const many = flow(
    async () => {
      for await (const n of noop.map(upTo(count))) void n;
    },
    { name: 'many' },
  );
  const start = performance.now();
  const handle = await engine.start(many, []);
  await handle.result();
  const perTask = ((performance.now() - start) / count) * 1000;
  clearInterval(timer);
  const after = heap() - idle;
  await engine.stop();
  return { perTask, peak: peak - idle, after };
}

async function mapFigures(): Promise<Figure[]> {
  await mapped(1000);
  const smalls: number[] = [];
  for (let block = 0; block < 7; block++) smalls.push((await mapped(1000)).perTask);
  const small = median(smalls);
  const large = await mapped(100_000);
  const plain = { baseline: null, ratio: null };
  return [
    {
      ...plain,
      name: 'map of 100,000: peak heap over idle',
      value: large.peak / MB,
      unit: 'MB',
      target: '<= 150 MB',
      met: large.peak <= 150 * MB,
    },
    {
      ...plain,
      name: 'map of 100,000: heap kept, handle held',
      value: large.after / MB,
      unit: 'MB',
      target: '<= 20 MB',
      met: large.after <= 20 * MB,
    },
    {
      name: 'map of 100,000: time a task, against 1,000',
      value: large.perTask,
      unit: 'µs',
      baseline: small,
      ratio: small / large.perTask,
      target: '>= 0.67',
      met: small / large.perTask >= 0.67,
    },
  ];
}

/** A flow that has all of its tasks behind it and stops just before its end, the first time. */
async function recoveryFigure(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const path = join(directory, 'runs.db');
    let stopHere: (() => void) | undefined;
    const long = flow(
      async () => {
        await Promise.all(Array.from({ length: RECOVERED }, (_, n) => noop.submit(n)));
        if (stopHere !== undefined) {
          stopHere();
          await new Promise(() => undefined);
        }
      },
      { name: 'long', grace: 1 },
    );
    const first = createEngine({ store: sqliteRunStore(path), flows: [long] });
    const reached = new Promise<void>((resolve) => (stopHere = resolve));
    await first.start(long, []);
    await reached;
    await first.stop();
    stopHere = undefined;
    const second = createEngine({ store: sqliteRunStore(path), flows: [long] });
    await second.runs({ limit: 1 });
    const start = performance.now();
    const { resumed } = await second.recover();
    await resumed[0]?.result();
    const value = performance.now() - start;
    await second.stop();
    return {
      name: 'recovery of 10,000 finished tasks',
      value,
      unit: 'ms',
      baseline: null,
      ratio: null,
      target: '<= 1,000 ms',
      met: resumed.length === 1 && value <= 1000,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function importFigure(): Promise<Figure> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const empty = join(directory, 'empty.mjs');
    const importing = join(directory, 'importing.mjs');
    await writeFile(empty, '');
    await writeFile(
      importing,
      `import ${JSON.stringify(import.meta.resolve('@holdfast/core').replace('/src/index.ts', '/dist/bundle/index.js'))};`,
    );
    const times: { empty: number[]; importing: number[] } = { empty: [], importing: [] };
    const time = (program: string): number => {
      const start = performance.now();
      spawnSync(process.execPath, [program]);
      return performance.now() - start;
    };
    for (let block = 0; block < 9; block++) {
      times.empty.push(time(empty));
      times.importing.push(time(importing));
    }
    const value = median(times.importing) - median(times.empty);
    return {
      name: "import '@holdfast/core', over an empty script",
      value,
      unit: 'ms',
      baseline: median(times.empty),
      ratio: median(times.empty) / median(times.importing),
      target: '<= 60 ms',
      met: value <= 60,
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What happens with many tasks, after a crash, and at the start. */
export async function scaleFigures(): Promise<Figure[]> {
  return [...(await mapFigures()), await recoveryFigure(), await importFigure()];
}
