import { describe, expect, it } from 'vitest';
import type { ScheduleRecord, Write } from '@holdfast/core';
import {
  creation,
  SAMPLE_TIME,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleTask,
} from '@holdfast/core/testing';
import type { SqliteRunStore } from '../../src/sqlite/index.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';

const root = sampleFlow(1);
const task = sampleTask(2, root);

async function twoRuns(): Promise<{ readonly store: SqliteRunStore; readonly path: string }> {
  const path = await scratchFile();
  const store = await openStore(path);
  const fence = { rootId: root.id, epoch: 1 };
  await store.commit(
    [
      creation(root, { lease: { holder: 'h', ttl: 1 } }),
      creation(task, { fence, hooks: [sampleHook(task)] }),
    ],
    'process',
  );
  return { store, path };
}

const schedule: ScheduleRecord = {
  name: 'nightly',
  version: 1,
  doneUntil: SAMPLE_TIME,
  paused: false,
  updatedAt: SAMPLE_TIME,
  facts: null,
};

/** One of each that is kept beside the runs, of the task where it belongs to a run. */
const beside = besideWrites();

function besideWrites(): readonly Write[] {
  const at = SAMPLE_TIME;
  const fence = { rootId: root.id, epoch: 1 };
  const of = { runId: task.id, rootId: root.id };
  const fields = { rows: 1 };
  const entry = {
    ...of,
    generation: 1,
    attempt: 1,
    at,
    level: 'info',
    message: 'm',
    fields,
  } as const;
  const body = { kind: 'markdown', markdown: '' } as const;
  const input = { ...of, generation: 1, name: 'n', value: 1, at };
  const cached = { key: 'k', result: { inline: 1 }, runId: task.id, generation: 1, at };
  return [
    { kind: 'log', entry },
    { kind: 'artifact', artifact: { ...of, generation: 1, key: 'a', at, body }, fence },
    { kind: 'input', input },
    { kind: 'record', value: { ...of, scope: '1.1', slot: 'now:0', value: 1 }, fence },
    { kind: 'cache', entry: cached, fence },
    { kind: 'schedule', expectVersion: 0, schedule },
  ];
}

const CORRUPT = {
  code: 'STORE_RECORD_CORRUPT',
  retryable: false,
  context: { runId: task.id },
  message: expect.stringContaining(task.id) as string,
};

describe('sqliteRunStore, over a record that was spoilt', () => {
  it.each([
    ['is no JSON', `state_json = '{"type":"RUNNING"'`],
    ['has a state of an unknown name', `state_json = '{"type":"RUNNING","name":"Walking"}'`],
    [
      'has a state of another type',
      `state_json = '{"type":"FAILED","name":"Running","attempt":1}'`,
    ],
    ['lacks part of its state', `state_json = '{"type":"RUNNING","name":"Running"}'`],
    ['is listed under another state', `state_type = 'FAILED'`],
    ['is of an unknown kind', `kind = 'job'`],
    ['is of the other kind', `kind = 'flow'`],
    ['lacks its key', `key = null`],
    ['has a body that is no object', `body_json = '[]'`],
    ['lacks a member', `body_json = json_remove(body_json, '$.tags')`],
    ['has a member of another type', `body_json = json_set(body_json, '$.attempts', 'two')`],
    ['has a member that nobody knows', `body_json = json_set(body_json, '$.colour', 'red')`],
    ['has a negative version', `version = -1`],
  ])('refuses a run that %s', async (_, change) => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) =>
      file.prepare(`update run set ${change} where id = ?`).run(task.id),
    );
    await expect(store.run(task.id)).rejects.toMatchObject(CORRUPT);
    await expect(store.below(root.id)).rejects.toMatchObject(CORRUPT);
    expect(await store.runs({})).toEqual([root]);
    expect(await store.check()).toMatchObject([CORRUPT]);
  });

  it('refuses its history and its hooks', async () => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) => {
      file
        .prepare(`update run set past_text = '[1,0,1,7,{}]' || char(10) where id = ?`)
        .run(task.id);
      file.prepare(`update hook set hook = 'onFire' where run_id = ?`).run(task.id);
    });
    await expect(store.history(task.id)).rejects.toMatchObject(CORRUPT);
    await expect(store.pendingHooks(root.id)).rejects.toMatchObject(CORRUPT);
    expect(await store.pendingHooks()).toEqual([]);
    expect(await store.run(task.id)).toEqual(task);
    expect(await store.check()).toMatchObject([CORRUPT, CORRUPT]);
  });

  it.each([
    ['a line', `log set level = 31`, 'logs'],
    ['the fields of a line', `log set fields_json = '[]'`, 'logs'],
    ['an artifact', `artifact set body_json = '{"kind":"film"}'`, 'artifacts'],
    ['an input', `input set value_json = 'maybe'`, 'inputs'],
    ['a recorded value', `recorded set value_json = ''`, 'recorded'],
  ] as const)('refuses %s', async (_, change, read) => {
    const { store, path } = await twoRuns();
    await store.commit(beside, 'process');
    behindItsBack(path, (file) => file.exec(`update ${change}`));
    const reading: Promise<unknown> =
      read === 'logs' ? store.logs({ rootId: root.id }) : store[read](root.id);
    await expect(reading).rejects.toMatchObject(CORRUPT);
    expect(await store.check()).toMatchObject([CORRUPT]);
  });

  it('refuses a cached result', async () => {
    const { store, path } = await twoRuns();
    await store.commit(beside, 'process');
    behindItsBack(path, (file) => file.exec(`update cache set result_json = '{}'`));
    await expect(store.cached('k')).rejects.toMatchObject(CORRUPT);
    expect(await store.check()).toMatchObject([CORRUPT]);
  });

  it.each([`facts_json = '{'`, `version = -1`])(
    'leaves out a schedule whose %s, and hides no other',
    async (change) => {
      const { store, path } = await twoRuns();
      const other = { ...schedule, name: 'weekly' };
      const put = { kind: 'schedule', expectVersion: 0 } as const;
      await store.commit([...beside, { ...put, schedule: other }], 'process');
      behindItsBack(path, (file) =>
        file.exec(`update schedule set ${change} where name = 'nightly'`),
      );
      expect(await store.schedules()).toEqual([other]);
      const message = expect.stringContaining("schedule 'nightly'") as string;
      const { code } = CORRUPT;
      expect(await store.check()).toMatchObject([{ code, message, context: { name: 'nightly' } }]);
    },
  );

  it('leaves a run that does not parse out of those with a tag', async () => {
    const { store, path } = await twoRuns();
    const others = [sampleFlow(3, { tags: ['prod'] }), sampleFlow(4, { tags: ['prod'] })];
    await store.commit(
      others.map((run) => creation(run)),
      'process',
    );
    behindItsBack(path, (file) =>
      file.prepare(`update run set body_json = '{"tags":' where id = ?`).run(sampleId(4)),
    );
    expect(await store.runs({ tag: 'prod', limit: 1 })).toEqual([others[0]]);
  });

  it('refuses an open run without its lease, and lists it as damaged nowhere but there', async () => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) => file.exec('delete from lease'));
    expect(await store.openRuns()).toEqual([]);
    expect(await store.check()).toMatchObject([{ code: 'STORE_RECORD_CORRUPT' }]);
    expect(await store.run(root.id)).toEqual(root);
  });

  it('lets other reads in while it looks for damage', async () => {
    const { store } = await twoRuns();
    const fence = { rootId: root.id, epoch: 1 };
    const tasks = Array.from({ length: 2000 }, (_, n) => sampleTask(10 + n, root));
    await store.commit(
      tasks.map((one) => creation(one, { fence })),
      'process',
    );
    const ended: string[] = [];
    const looking = store.check().then(() => ended.push('check'));
    await store.run(root.id).then(() => ended.push('run'));
    await looking;
    expect(ended).toEqual(['run', 'check']);
  });

  it('finds what SQLite finds wrong with its pages and indexes', async () => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) => {
      file.enableDefensive(false);
      file.exec(`pragma writable_schema = on;
        update sqlite_schema set sql = replace(sql, '(name, id)', '(kind, id)')
        where name = 'run_name'`);
    });
    const found = await store.check();
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ code }) => code))).toEqual(new Set(['STORE_CORRUPT']));
    expect(String(found.map(({ cause }) => cause))).toContain('run_name');
  });

  it('finds nothing where nothing is spoilt', async () => {
    const { store } = await twoRuns();
    expect(await store.check()).toEqual([]);
    expect(await store.run(sampleId(9))).toBeUndefined();
  });
});
