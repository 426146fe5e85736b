import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createBackup, restoreFromStore, sqliteSource, verifyBackup } from '@holdfast/backups';
import {
  createEngine,
  flow,
  memoryObjectStore,
  runContext,
  systemClock,
  task,
  type Engine,
} from '@holdfast/core';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const HOUR = 3_600_000;
const LEFT = 5;

const add = task(async (a: number, b: number) => a + b, { name: 'add' });
const load = flow(async (n: number) => add.map([n, n + 1, n + 2], 1), { name: 'load' });

/** A flow that the first process leaves in the midst of its second task. */
function halfDone(calls: string[], hangs: boolean) {
  const first = task(async (n: number) => calls.push(`first ${n}`), { name: 'first' });
  const second = task(
    async (n: number) => {
      calls.push(`second ${n}`);
      if (hangs) {
        await new Promise((_, reject) => {
          runContext().signal.addEventListener('abort', reject, { once: true });
        });
      }
      return n * 10;
    },
    { name: 'second' },
  );
  return flow(
    async (n: number) => {
      await first(n);
      return second(n);
    },
    { name: 'half-done' },
  );
}

/** Runs flows one after the other until it is told to stop. */
function loading(engine: Engine): { readonly done: () => number; stop(): Promise<void> } {
  let done = 0;
  let stopped = false;
  const running = (async () => {
    for (; !stopped; done++) await engine.run(load, [done]);
  })();
  return {
    done: () => done,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

it('a run store that is backed up while engines write to it is restored whole, and its runs go on', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-runs-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'runs.db');
  const before: string[] = [];
  const left = halfDone(before, true);
  const engine = createEngine({ store: sqliteRunStore(path), flows: [load, left] });
  for (let n = 0; n < LEFT; n++)
    void (await engine.start(left, [n])).outcome().catch(() => undefined);
  const writer = loading(engine);
  await expect.poll(() => before.length, { timeout: 30_000 }).toBe(2 * LEFT);

  const store = memoryObjectStore();
  const source = sqliteSource({ name: 'runs', path });
  let written = 0;
  let backup;
  do {
    const start = writer.done();
    backup = await createBackup({ source, store, storeName: 'primary', scratchRoot: directory });
    written = writer.done() - start;
  } while (written === 0);
  await writer.stop();
  await engine.stop();

  const common = { store, storeName: 'primary', scratchRoot: directory };
  expect(await verifyBackup({ ...common, backup })).toMatchObject({ reached: 'restored' });
  const to = join(directory, 'restored.db');
  await restoreFromStore({ backup, store, to });
  const restored = sqliteRunStore(to);
  await restored.open();
  expect(await restored.check()).toEqual([]);

  const after: string[] = [];
  const again = halfDone(after, false);
  // The leases of the file are those of a process that lives: they have to expire.
  const clock = { ...systemClock, now: () => systemClock.now() + HOUR };
  const next = createEngine({ store: restored, flows: [load, again], clock });
  onTestFinished(() => next.stop());
  const { resumed, failed } = await next.recover();
  expect(failed).toEqual([]);
  const results = await Promise.all(resumed.map((handle) => handle.result()));
  expect(results.filter((result) => typeof result === 'number')).toHaveLength(LEFT);
  expect(after.toSorted()).toEqual(Array.from({ length: LEFT }, (_, n) => `second ${n}`));
  const open = { states: ['RUNNING', 'SCHEDULED', 'PENDING', 'PAUSED'] } as const;
  expect(await next.runs(open)).toEqual([]);
}, 120_000);
