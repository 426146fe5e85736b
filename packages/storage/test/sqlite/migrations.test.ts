import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HistoryEntry } from '@holdfast/core';
import {
  advanced,
  COMPLETED,
  creation,
  SAMPLE_TIME,
  sampleFlow,
  sampleHook,
  sampleStep,
  sampleTask,
  update,
} from '@holdfast/core/testing';
import { sqliteRunStore } from '../../src/sqlite/index.ts';
import { MIGRATION_NAMES } from '../../src/sqlite/worker/migrations.ts';
import { RUNS } from '../../src/sqlite/worker/migrations/0001-runs.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

const root = sampleFlow(1, { tags: ['prod'] });
const task = sampleTask(2, root, { tags: ['prod', 'db'] });
const ended = advanced(sampleFlow(3), COMPLETED, { endedAt: SAMPLE_TIME + 50 });
const lease = { holder: 'h', ttl: 60_000 };
const fence = { rootId: root.id, epoch: 1 };

const RUN_COLUMNS = `id, kind, name, root_id, parent_id, key, idempotency_key, generation, version,
  state_type, state_json, body_json`;

/** Moves the rows of a present store into a new file, whose schema is the first one. */
function downgraded(path: string, to: string, history: readonly HistoryEntry[]): void {
  const file = new DatabaseSync(to);
  for (const text of RUNS) file.exec(text);
  file.exec(`attach '${path}' as present`);
  const run = `insert into run (${RUN_COLUMNS}) select ${RUN_COLUMNS} from present.run order by seq`;
  file.exec(run);
  file.exec('insert into hook select * from present.hook');
  const columns = 'root_id, holder, epoch, expires_at, cancel_reason';
  file.exec(`insert into lease select ${columns} from present.lease`);
  file.exec(`create table holdfast_migration as select * from present.holdfast_migration limit 1`);
  file.exec(
    `create table holdfast_migration_lock as select * from present.holdfast_migration_lock`,
  );
  file.exec(`detach present; pragma application_id = 0x48465354; pragma user_version = 1`);
  const step = file.prepare('insert into history values (?, ?, ?, ?, ?, ?)');
  for (const { runId, version, step: n, generation, at, state } of history) {
    step.run(runId, version, n, generation, at, JSON.stringify(state));
  }
  file.close();
}

/** A file as the first schema left it: a running flow with a task, and one that ended. */
async function firstSchema(): Promise<string> {
  const path = await scratchFile();
  const store = await openStore(path);
  await store.commit(
    [
      creation(root, { lease }),
      creation(task, { fence, hooks: [sampleHook(task)] }),
      { kind: 'cancel-request', rootId: root.id, reason: 'enough' },
      creation({ ...sampleFlow(3), id: ended.id }),
      update(ended),
    ],
    'process',
  );
  const ids = [root.id, task.id, ended.id];
  const history = (await Promise.all(ids.map((id) => store.history(id)))).flat();
  await store.close();
  const first = await scratchFile();
  downgraded(path, first, history);
  return first;
}

describe('a file that the first schema made', () => {
  it('opens with all that it holds', async () => {
    const path = await firstSchema();
    const store = await openStore(path);
    expect(await store.runs({ order: 'oldest' })).toEqual([root, task, ended]);
    expect(await store.history(task.id)).toEqual([sampleStep(task)]);
    expect(await store.pendingHooks(root.id)).toEqual([sampleHook(task)]);
    expect(await store.openRuns()).toMatchObject([
      { run: root, lease: { holder: 'h', epoch: 1 }, cancelReason: 'enough' },
    ]);
    expect(await store.check()).toEqual([]);
    const names = behindItsBack(path, (file) =>
      file.prepare('select name from holdfast_migration order by name').all(),
    );
    expect(names.map(({ name }) => name)).toEqual([...MIGRATION_NAMES]);
  });

  it('lists its runs by tag, forgets those that ended, and takes what is new', async () => {
    const store = await openStore(await firstSchema());
    expect(await store.runs({ tag: 'prod', order: 'oldest' })).toEqual([root, task]);
    expect(await store.runs({ tag: 'db' })).toEqual([task]);
    const request = { limit: 10, now: SAMPLE_TIME };
    expect(await store.prune({ ...request, endedBefore: SAMPLE_TIME + 50 })).toMatchObject({
      roots: 0,
    });
    expect(await store.prune({ ...request, endedBefore: SAMPLE_TIME + 51 })).toMatchObject({
      roots: 1,
      runs: 1,
    });
    const next = advanced(task, COMPLETED);
    expect(await store.commit([update(next, { fence })], 'machine')).toEqual([{ ok: true }]);
    expect(await store.history(task.id)).toEqual([sampleStep(task), sampleStep(next)]);
  });

  it('is migrated although a run in it does not parse', async () => {
    const path = await firstSchema();
    behindItsBack(path, (file) => file.exec(`update run set body_json = '{"tags":'`));
    const store = await openStore(path);
    expect(await store.check()).toHaveLength(3);
  });
});

describe('a file that is not to be migrated', () => {
  it.each(['check', 'off'] as const)(
    'is refused when it is older or missing (%s)',
    async (migrate) => {
      const path = await firstSchema();
      const missing = await scratchFile();
      for (const file of [path, missing]) {
        await expect(sqliteRunStore(file, { migrate }).open()).rejects.toMatchObject({
          code: 'STORE_OUTDATED',
          retryable: false,
        });
      }
      expect(existsSync(missing)).toBe(false);
      await (await openStore(path)).close();
      const store = await openStore(path, { migrate });
      expect(await store.runs({ tag: 'db' })).toEqual([task]);
    },
  );

  it('waits for a process that writes, to see that it can be written, unless it is not looked at', async () => {
    const path = await scratchFile();
    await (await openStore(path)).close();
    const writer = new DatabaseSync(path);
    onTestFinished(() => writer.close());
    writer.exec('begin immediate');
    const busyTimeout = 50;
    await expect(openStore(path, { migrate: 'check', busyTimeout })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const store = await openStore(path, { migrate: 'off', busyTimeout });
    expect(await store.runs({})).toEqual([]);
  });

  it('is not said to be in a way that there is not', () => {
    expect(() => sqliteRunStore('runs.db', { migrate: 'later' as never })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }) as Error,
    );
  });
});
