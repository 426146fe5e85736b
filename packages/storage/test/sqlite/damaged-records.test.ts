import { describe, expect, it } from 'vitest';
import { creation, sampleFlow, sampleHook, sampleId, sampleTask } from '@holdfast/core/testing';
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
    expect(await store.damaged()).toMatchObject([CORRUPT]);
  });

  it('refuses its history and its hooks', async () => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) => {
      file.prepare(`update history set state_json = '{}' where run_id = ?`).run(task.id);
      file.prepare(`update hook set hook = 'onFire' where run_id = ?`).run(task.id);
    });
    await expect(store.history(task.id)).rejects.toMatchObject(CORRUPT);
    await expect(store.pendingHooks(root.id)).rejects.toMatchObject(CORRUPT);
    expect(await store.pendingHooks()).toEqual([]);
    expect(await store.run(task.id)).toEqual(task);
    expect(await store.damaged()).toMatchObject([CORRUPT, CORRUPT]);
  });

  it('refuses an open run without its lease, and lists it as damaged nowhere but there', async () => {
    const { store, path } = await twoRuns();
    behindItsBack(path, (file) => file.exec('delete from lease'));
    expect(await store.openRuns()).toEqual([]);
    expect(await store.damaged()).toMatchObject([{ code: 'STORE_RECORD_CORRUPT' }]);
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
    const looking = store.damaged().then(() => ended.push('damaged'));
    await store.run(root.id).then(() => ended.push('run'));
    await looking;
    expect(ended).toEqual(['run', 'damaged']);
  });

  it('finds nothing where nothing is spoilt', async () => {
    const { store } = await twoRuns();
    expect(await store.damaged()).toEqual([]);
    expect(await store.run(sampleId(9))).toBeUndefined();
  });
});
