import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import type { Figure } from './harness.ts';

const PROCESSES = 4;
const PROGRAM = fileURLToPath(new URL('./shared-file-process.ts', import.meta.url));

/** What one process did. */
export interface Load {
  readonly tasks: number;
  /** The code of each error. */
  readonly errors: readonly string[];
  /** The longest that a task in a sequence took, in milliseconds. */
  readonly longest: number;
}

async function loadOf(path: string, seconds: number): Promise<Load> {
  const args = ['--conditions=@holdfast/source', PROGRAM, path, `${seconds}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Load;
}

/** Several processes on one SQLite file, all of them writing as fast as they can. */
export async function sharedFileFigures(seconds: number): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const path = join(directory, 'runs.db');
    const loads = await Promise.all(Array.from({ length: PROCESSES }, () => loadOf(path, seconds)));
    const store = sqliteRunStore(path);
    await store.open();
    const broken = await store.check();
    await store.close();
    const errors = [...loads.flatMap((load) => load.errors), ...broken.map(({ code }) => code)];
    const longest = Math.max(...loads.map((load) => load.longest));
    const what = `SQLite, ${PROCESSES} processes on one file for ${seconds} s`;
    const tasks = loads.reduce((sum, load) => sum + load.tasks, 0);
    const fewest = Math.min(...loads.map((load) => load.tasks));
    const plain = { baseline: null, ratio: null };
    return [
      {
        ...plain,
        name: `${what}: errors${errors.length === 0 ? '' : ` (${[...new Set(errors)].join(', ')})`}`,
        value: errors.length,
        unit: '',
        target: '0',
        met: errors.length === 0,
      },
      {
        ...plain,
        name: `${what}: tasks of all, of ${tasks}`,
        value: tasks / seconds,
        unit: 'tasks/s',
        target: 'each process at least a tenth of its share',
        met: fewest >= tasks / PROCESSES / 10,
      },
      {
        ...plain,
        name: `${what}: longest task`,
        value: longest,
        unit: 'ms',
        target: '<= 10,000 ms',
        met: longest <= 10_000,
      },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
