import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createEngine, flow, task } from '@holdfast/core';
import { identifyProcess, isAlive } from '@holdfast/core/process';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { folder } from './machine.ts';

const PROGRAM = fileURLToPath(new URL('chaos/programs/child-left.ts', import.meta.url));

it('a recovery ends the program that a killed process had left, before its task is executed again', async () => {
  const directory = await folder();
  const parent = spawn(process.execPath, ['--conditions=@holdfast/source', PROGRAM, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pidFile = join(directory, 'pid');
  await vi.waitFor(() => expect(existsSync(pidFile)).toBe(true), { timeout: 20_000, interval: 20 });
  const store = sqliteRunStore(join(directory, 'runs.db'));
  await store.open();
  const [root] = await store.runs({ topLevel: true });
  expect(root).toBeDefined();
  await vi.waitFor(
    async () => expect(await store.children((root ?? expect.fail('no run')).id)).toHaveLength(1),
    { timeout: 20_000, interval: 20 },
  );
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  const left = identifyProcess(Number(readFileSync(pidFile, 'utf8')));
  if (left === undefined) expect.fail('the program did not outlive its parent');
  expect(isAlive(left)).toBe('alive');
  onTestFinished(() => {
    if (isAlive(left) === 'alive') process.kill(-left.pid, 'SIGKILL');
  });

  const seen: string[] = [];
  const wait = task(async () => void seen.push(isAlive(left)), { name: 'wait' });
  const waiting = flow(async () => wait(), { name: 'waiting' });
  const engine = createEngine({ store, flows: [waiting] });
  const { resumed } = await engine.recover();
  expect(resumed).toHaveLength(1);
  await resumed[0]?.result();
  expect(seen).toEqual(['dead']);
  expect(await store.children((root ?? expect.fail('no run')).id)).toEqual([]);
  await engine.stop();
}, 60_000);
