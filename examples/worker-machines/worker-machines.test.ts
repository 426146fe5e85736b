import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';
import { count, report } from './src/report.ts';

const main = fileURLToPath(new URL('src/main.ts', import.meta.url));
const worker = fileURLToPath(new URL('src/worker.ts', import.meta.url));

/** A worker process; gives how to kill it, once it has begun something. */
async function startWorker(
  store: string,
  cwd: string,
): Promise<{ begun: () => Promise<void>; kill: () => void }> {
  const args = ['--conditions=@holdfast/source', worker, store];
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const until = async (wanted: string): Promise<void> => {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      if (line.value.includes(wanted)) return;
    }
    throw new Error(`a worker ended without '${wanted}'`);
  };
  await until('ready');
  return { begun: () => until('Running'), kill: () => void child.kill('SIGKILL') };
}

it('is counted by two workers, of which one is killed while it counts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'worker-machines-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const store = join(directory, 'runs.db');
  const [first] = [await startWorker(store, directory), await startWorker(store, directory)];
  const reported = runProgram(main, [store], directory);
  await first?.begun();
  first?.kill();
  const { code, stdout } = await reported;
  expect(JSON.parse(stdout)).toMatchObject({ words: 12 });
  expect(code).toBe(0);
}, 60_000);

it('gives the same, whenever its process dies, which counts by itself', async () => {
  const texts = ['one two', 'three'];
  const { result, crashes } = await crashAtEveryStep(report, {
    args: [texts],
    engine: { tasks: [count] },
    work: { queues: ['counting'] },
  });
  expect(result).toEqual({ words: 3, machines: 1 });
  expect(crashes).toBeGreaterThan(0);
});
