import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { cacheBy, createEngine, flow } from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { folder } from './machine.ts';
import { runProgram } from './run-program.ts';

const PROGRAM = fileURLToPath(new URL('chaos/programs/share.ts', import.meta.url));

function linesOf(directory: string, file: string): string[] {
  return readFileSync(join(directory, file), 'utf8').trimEnd().split('\n');
}

it('processes on one SQLite file keep to a limit together, and compute equal results once', async () => {
  const directory = await folder();
  const ended = await Promise.all([1, 2].map(() => runProgram(PROGRAM, [directory], directory)));
  expect(ended.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(
    ended.map(() => [0, '140\n', '']),
  );
  let running = 0;
  let most = 0;
  for (const line of linesOf(directory, 'limited')) {
    running += line === 'begin' ? 1 : -1;
    most = Math.max(most, running);
  }
  expect([running, most]).toEqual([0, 2]);
  const computed = linesOf(directory, 'computed').toSorted((a, b) => Number(a) - Number(b));
  expect(computed).toEqual(Array.from({ length: 8 }, (_, n) => String(n)));
}, 60_000);

it('what a killed process held is free at once: a limit, and the right to compute', async () => {
  const directory = await folder();
  const args = ['--conditions=@holdfast/source', PROGRAM, directory, 'hold'];
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const engine = createEngine({
    store: sqliteRunStore(join(directory, 'runs.db')),
    limits: { one: 1 },
    leaseTtl: '1h',
  });
  onTestFinished(() => engine.stop());
  const told: string[] = [];
  engine.events.on('state', ({ state }) => void told.push(state.name));
  const holds = flow(async () => 'done', {
    name: 'holds',
    limits: ['one'],
    cache: cacheBy.inputs,
  });
  const handle = await engine.start(holds, []);
  const waits = new Promise<void>((resolve) => {
    const stop = engine.events.on('state', ({ state }) => {
      if (state.name !== 'AwaitingSlot') return;
      stop();
      resolve();
    });
    if (told.includes('AwaitingSlot')) resolve();
  });
  await waits;
  expect((await handle.state()).name).toBe('AwaitingSlot');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(await handle.result()).toBe('done');
}, 60_000);
