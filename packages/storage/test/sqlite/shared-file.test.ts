import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { creation, sampleFlow, sampleId, sampleTask } from '@holdfast/core/testing';
import { sqliteRunStore } from '../../src/sqlite/index.ts';
import { openDatabase } from '../../src/sqlite/worker/database.ts';
import { MIGRATION_NAMES } from '../../src/sqlite/worker/migrations.ts';
import { Connection } from '../../src/sqlite/worker/statements.ts';
import { commandLine, start } from './child-process.ts';
import { behindItsBack, openStore, scratchFile } from './scratch.ts';
import { DatabaseSync } from 'node:sqlite';

const root = sampleFlow(1);
const lease = { holder: 'h', ttl: 60_000 };

/** Gives an empty file what makes it a run store. */
function copyTables(from: string, to: DatabaseSync): void {
  const made = behindItsBack(from, (file) =>
    file
      .prepare("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'")
      .all(),
  );
  to.exec(
    `begin immediate; ${made.map(({ sql }) => String(sql)).join(';')}; pragma application_id = 0x48465354; commit`,
  );
}

describe('sqliteRunStore, on a file that others use too', () => {
  it('loses no update of several processes', { timeout: 60_000 }, async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    await store.commit([creation(root, { lease })], 'machine');
    const children = [1, 2, 3].map(() => start(commandLine('count-up', path, '40')));
    for (const { ended } of children) expect(await ended).toEqual({ by: 0, stderr: '' });
    expect(await store.run(root.id)).toMatchObject({ attempts: 121, version: 121 });
    expect(await store.history(root.id)).toHaveLength(121);
  });

  it('never grants more of a limit than there is, to several processes', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    const told = `${path}.taken`;
    const wishes = [{ limit: 'db', capacity: 3, slots: 3 }];
    await store.acquirePermits({ id: 'all', holder: 'test', wishes, now: 0, ttl: Date.now() * 2 });
    const refused: Promise<void>[] = [];
    const children = ['a', 'b', 'c', 'd'].map((holder) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      refused.push(promise);
      return start(commandLine('take-turns', path, told, holder, '50', '3'), () => resolve());
    });
    await Promise.all(refused);
    await store.releasePermits('test', ['all']);
    for (const { ended } of children) expect(await ended).toEqual({ by: 0, stderr: '' });
    const changes = (await readFile(told, 'utf8')).trim().split('\n').map(Number);
    const taken = changes.map((_, n) => changes.slice(0, n + 1).reduce((a, b) => a + b, 0));
    expect(changes).toHaveLength(4 * 50 * 2);
    expect(Math.max(...taken)).toBe(3);
    expect(taken.at(-1)).toBe(0);
    expect(behindItsBack(path, (file) => file.prepare('select * from permit').all())).toEqual([]);
  }, 60_000);

  it('wakes several processes that wait for a queue, and gives each run to one of them', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    const ready: Promise<void>[] = [];
    const children = ['a', 'b', 'c', 'd'].map((holder) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      ready.push(promise);
      return start(commandLine('claim-runs', path, holder), () => resolve());
    });
    await Promise.all(ready);
    const state = { type: 'SCHEDULED', name: 'Scheduled', dueAt: 0 } as const;
    const runs = Array.from({ length: 200 }, (_, n) => sampleFlow(n + 1, { queue: 'q', state }));
    await store.commit(
      runs.map((run) => creation(run)),
      'process',
    );
    for (const { ended } of children) expect(await ended).toEqual({ by: 0, stderr: '' });
    const given = children.flatMap(({ lines }) => lines.slice(1));
    expect(given.toSorted()).toEqual(runs.map(({ id }) => id));
  }, 60_000);

  it('opens from several stores at once, of which one makes the tables', async () => {
    const path = await scratchFile();
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(path)));
    await stores[0]?.commit([creation(root, { lease })], 'process');
    for (const store of stores) expect(await store.run(root.id)).toEqual(root);
    const migrations = behindItsBack(path, (file) =>
      file.prepare('select name from holdfast_migration').all(),
    );
    expect(migrations.map(({ name }) => name)).toEqual([...MIGRATION_NAMES]);
  });

  it('looks at a file as it is at one moment, while another makes its tables', async () => {
    const made = await scratchFile();
    (await openDatabase(made)).close();
    const path = await scratchFile();
    const read = Connection.prototype.pragma;
    vi.spyOn(Connection.prototype, 'pragma').mockImplementationOnce(function (
      this: Connection,
      name,
    ) {
      const value = read.call(this, name);
      // The other waits until the looker has seen all of it.
      expect(() => behindItsBack(path, (file) => copyTables(made, file))).toThrow('locked');
      return value;
    });
    const database = await openDatabase(path);
    expect(database.connection.pragma('user_version')).toBe(MIGRATION_NAMES.length);
    database.close();
  });

  it('grants a lease to one of several stores', async () => {
    const path = await scratchFile();
    const stores = await Promise.all([1, 2, 3].map(() => openStore(path)));
    await stores[0]?.commit([creation(root)], 'process');
    const grants = await Promise.all(
      stores.map((store, n) =>
        store.acquireLease({ rootId: root.id, holder: `h${n}`, ttl: 1000, now: 0 }),
      ),
    );
    expect(grants.filter(({ granted }) => granted)).toHaveLength(1);
    expect(new Set(grants.map(({ lease: { holder } }) => holder)).size).toBe(1);
  });

  it('waits while another connection writes, in order, and reads meanwhile', async () => {
    const path = await scratchFile();
    const store = await openStore(path);
    await store.commit([creation(root, { lease })], 'process');
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const fence = { rootId: root.id, epoch: 1 };
    const tasks = [2, 3, 4].map((n) => sampleTask(n, root));
    const commits = tasks.map((task) => store.commit([creation(task, { fence })], 'process'));
    expect(await store.run(root.id)).toEqual(root);
    expect(await store.below(root.id)).toEqual([]);
    other.exec('rollback');
    other.close();
    expect((await Promise.all(commits)).flat()).toEqual(tasks.map(() => ({ ok: true })));
    expect(await store.below(root.id)).toEqual(tasks);
  });

  it('gives up on a lock that lasts, with a retryable code and nothing applied', async () => {
    const path = await scratchFile();
    const store = await openStore(path, { busyTimeout: 60 });
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const commits = [1, 2, 3].map((n) => store.commit([creation(sampleFlow(n))], 'process'));
    for (const commit of commits) {
      await expect(commit).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining(path) as string,
        context: { waited: 60 },
      });
    }
    await expect(
      store.renewLeases([{ rootId: sampleId(1), epoch: 1 }], { ...lease, now: 1 }),
    ).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    other.exec('rollback');
    other.close();
    expect(await store.runs({})).toEqual([]);
    expect(await store.commit([creation(root)], 'process')).toEqual([{ ok: true }]);
  });

  it('gives up opening while another connection writes, and opens when asked again', async () => {
    const path = await scratchFile();
    await (await openStore(path)).close();
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    const store = sqliteRunStore(path, { busyTimeout: 30 });
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    other.exec('rollback');
    other.close();
    await store.open();
    expect(await store.runs({})).toEqual([]);
    await store.close();
  });
});
