import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { fillQueue, openBenchStore } from './bench-store.ts';
import type { Figure } from './harness.ts';

const WORKERS = 8;
const RUNS = 20_000;
const LEAST = 2000;
const PROGRAM = fileURLToPath(new URL('./claims-process.ts', import.meta.url));

/** What one worker was given. */
export interface Claimed {
  readonly ids: readonly string[];
  /** Epoch milliseconds. */
  readonly endedAt: number;
}

interface Worker {
  readonly ready: Promise<void>;
  begin(): void;
  readonly done: Promise<Claimed>;
}

function startWorker(adapter: string, place: string, holder: string): Worker {
  const args = ['--conditions=@holdfast/source', PROGRAM, adapter, place, holder];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<Claimed>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready.resolve();
    else done.resolve(JSON.parse(line) as Claimed);
  });
  child.on('exit', (code) => {
    const failed = new Error(`a worker ended with ${code}`);
    ready.reject(failed);
    done.reject(failed);
  });
  done.promise.catch(() => undefined);
  return { ready: ready.promise, begin: () => child.stdin.write('go\n'), done: done.promise };
}

/** Eight processes that claim what waits in one store, as fast as they can. */
async function claimFigures(adapter: string, place: string): Promise<Figure[]> {
  const store = await openBenchStore(adapter, place);
  await fillQueue(store, RUNS);
  const workers = Array.from({ length: WORKERS }, (_, n) => startWorker(adapter, place, `w${n}`));
  await Promise.all(workers.map(({ ready }) => ready));
  const startedAt = Date.now();
  for (const worker of workers) worker.begin();
  const claimed = await Promise.all(workers.map(({ done }) => done));
  await store.close();
  const ids = claimed.flatMap((each) => each.ids);
  const seconds = (Math.max(...claimed.map(({ endedAt }) => endedAt)) - startedAt) / 1000;
  const rate = ids.length / seconds;
  const wrong = ids.length - new Set(ids).size + Math.abs(RUNS - ids.length);
  const what = `${adapter}, ${WORKERS} workers on one queue`;
  const plain = { baseline: null, ratio: null };
  return [
    {
      ...plain,
      name: `${what}: runs claimed`,
      value: rate,
      unit: 'runs/s',
      target: `>= ${LEAST} runs/s`,
      met: rate >= LEAST,
    },
    {
      ...plain,
      name: `${what}: runs claimed twice or never, of ${RUNS}`,
      value: wrong,
      unit: '',
      target: '0',
      met: wrong === 0,
    },
  ];
}

/** Claims on every run store that several processes can share. */
export async function claimsFigures(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    return await claimFigures('sqlite', join(directory, 'runs.db'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
