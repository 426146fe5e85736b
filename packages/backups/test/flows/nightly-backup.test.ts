import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createEngine,
  type Engine,
  flow,
  HoldfastError,
  memoryObjectStore,
  memoryRunStore,
  type ObjectStore,
  ObjectStoreError,
} from '@holdfast/core';
import {
  archiveBackup,
  dumpSqlite,
  fileTree,
  listBackups,
  type Notice,
  nightlyBackup,
  type NightlyOptions,
  restoreBackup,
  type RestoreInput,
  snapshotFiles,
  sqliteSource,
  verifyByRestore,
} from '@holdfast/backups';
import { makeOrders, rowsOf } from '../support/databases.ts';
import { type Lies, losesRows } from '../support/liars.ts';
import { hasAge, makeKey } from '../support/keys.ts';
import { keysOf, leftIn, testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const lies: Lies = { left: 0 };
let primary: ObjectStore;
let vault: ObjectStore;
let notices: Notice[];
let engine: Engine;
let resources: Record<string, unknown>;

beforeEach(async () => {
  primary = memoryObjectStore({ name: 'primary' });
  vault = memoryObjectStore({ name: 'vault' });
  notices = [];
  resources = {
    primary,
    vault,
    alerts: (notice: Notice) => void notices.push(notice),
    'source:liar': { ...losesRows(lies), kind: 'liar' },
  };
  engine = createEngine({ store: memoryRunStore(), resources });
  makeOrders(join(rooms.root, 'orders.db'));
  await mkdir(join(rooms.root, 'site'));
  await writeFile(join(rooms.root, 'site', 'a.txt'), 'content');
});

afterEach(async () => {
  await engine.stop();
});

function orders() {
  return sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
}

function liar() {
  return { ...orders(), kind: 'liar', name: 'liar' };
}

function site() {
  return fileTree({ name: 'site', path: join(rooms.root, 'site') });
}

function nightly(sources: Parameters<typeof nightlyBackup>[0]['sources']) {
  const stores = { primary: 'primary', copies: ['vault'] };
  const { scratchRoot } = rooms;
  return nightlyBackup({ sources, stores, notify: 'alerts', scratchRoot });
}

describe('the nightly backup', () => {
  it('takes no two sources of one name, whose backups would lie in one set, and not none', () => {
    const other = sqliteSource({ name: 'orders', path: join(rooms.root, 'other.db') });
    for (const sources of [[orders(), other], []]) {
      expect(() => nightly(sources)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
    }
  });

  it('dumps, proves and copies every source', async () => {
    const report = await engine.run(nightly([orders(), site()]), []);
    expect(report.sources).toMatchObject([
      {
        source: 'orders',
        backup: { set: 'orders', store: 'primary' },
        verification: { level: 'restored', outcome: 'passed' },
        copies: [{ store: 'vault', copy: { store: 'vault' } }],
      },
      { source: 'site', verification: { compared: { members: 2 } } },
    ]);
    expect(notices).toEqual([]);
    const { backups } = await listBackups(vault);
    expect(backups.map(({ proof }) => proof.level)).toEqual(['checksum', 'checksum']);
    expect(backups[0]?.manifest.runId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it.skipIf(!hasAge)(
    'encrypts, and proves what it can without an identity, and all with one',
    async () => {
      const key = await makeKey(rooms.root, 'key');
      const encryption = { recipients: [key.recipient] };
      const { scratchRoot } = rooms;
      const options = {
        sources: [orders()],
        stores: { primary: 'primary' },
        encryption,
        scratchRoot,
      };
      const blind = await engine.run(nightlyBackup(options), []);
      expect(blind.sources).toMatchObject([
        { verification: { level: 'checksum', outcome: 'passed' } },
      ]);
      const { backups } = await listBackups(primary);
      expect(backups[0]?.proof.decryption?.verdict).toBe('not proven decryptable');
      const { identity, recipient } = key;
      const seeing = nightlyBackup({ ...options, name: 'seeing', identities: [identity] });
      const proven = await engine.run(seeing, []);
      expect(proven.sources).toMatchObject([
        { verification: { reached: 'restored', identities: [recipient] } },
      ]);
      const backup = proven.sources[0]?.backup;
      if (backup === undefined) throw new Error('there is no backup');
      const to = join(rooms.root, 'back.db');
      await engine.run(
        flow((input: RestoreInput) => restoreBackup(input), { name: 'bring-back' }),
        [{ backup, from: 'primary', to, identities: [identity] }],
      );
      expect(rowsOf(to, 'orders')).toBe(200);
    },
  );

  it('takes no encryption, identities or bandwidth that are none', () => {
    const options = { sources: [orders()], stores: { primary: 'primary' } };
    const encryption = { recipients: ['x'] };
    for (const wrong of [{ encryption }, { identities: ['x'] }, { bandwidth: 0 }]) {
      expect(() => nightlyBackup({ ...options, ...wrong } as NightlyOptions)).toThrow(
        expect.objectContaining({ code: 'OPTIONS_INVALID' }),
      );
    }
  });

  it('dumps afresh when a backup cannot be proven', async () => {
    lies.left = 1;
    const report = await engine.run(nightly([liar()]), []);
    expect(report.sources[0]).toMatchObject({ verification: { outcome: 'passed' } });
    const { backups } = await listBackups(primary);
    expect(backups.map(({ proof }) => proof.level)).toEqual(
      expect.arrayContaining(['readable', 'restored']),
    );
    // Only what was proven is copied.
    const copied = (await listBackups(vault)).backups.map(({ manifest }) => manifest.id);
    expect(copied).toEqual([report.sources[0]?.backup?.id]);
    expect(notices).toEqual([]);
  });

  it('tells people and fails, by name, when a fresh dump cannot be proven either', async () => {
    lies.left = 2;
    const run = engine.run(nightly([liar(), site()]), []);
    const error = (await run.catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'BACKUP_NOT_PROVEN', context: { sources: ['liar'] } });
    expect(error.message).toContain('liar (VERIFY_FAILED)');
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ set: 'liar', code: 'VERIFY_FAILED' });
    expect(notices[0]?.text).toMatch(
      /^liar: no proven backup tonight\. No backup of it was ever proven/,
    );
    const sets = (await listBackups(vault)).backups.map(({ manifest }) => manifest.set);
    expect(sets).toEqual(['site']);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('tells the age of the last proven backup', async () => {
    lies.left = 0;
    await engine.run(nightly([liar()]), []);
    lies.left = 2;
    await expect(engine.run(nightly([liar()]), [])).rejects.toMatchObject({
      code: 'BACKUP_NOT_PROVEN',
    });
    expect(notices[0]?.text).toContain('Its last proven backup is 0.0 hours old');
  });

  it('goes on with the others when one source is missing', async () => {
    const missing = sqliteSource({ name: 'gone', path: join(rooms.root, 'gone.db') });
    const run = engine.run(nightly([missing, orders()]), []);
    await expect(run).rejects.toMatchObject({ context: { sources: ['gone'] } });
    expect(notices).toMatchObject([{ set: 'gone', code: 'SOURCE_MISSING' }]);
    const sets = (await listBackups(vault)).backups.map(({ manifest }) => manifest.set);
    expect(sets).toEqual(['orders']);
  });

  it('tells of a copy that failed, and counts the backup as proven', async () => {
    const put = (): never => {
      throw new ObjectStoreError('full', 'The vault is full.');
    };
    Object.assign(vault, { put });
    const report = await engine.run(nightly([orders()]), []);
    expect(report.sources[0]?.copies).toMatchObject([
      { store: 'vault', problem: { code: 'OBJECT_STORE_FULL' } },
    ]);
    expect(notices).toMatchObject([{ subject: 'orders: proven, but not copied to vault' }]);
  });

  it('is not changed by a notifier that fails', async () => {
    resources['alerts'] = () => {
      throw new HoldfastError('NOTIFY_FAILED', 'nobody listens', { retryable: false });
    };
    await engine.stop();
    engine = createEngine({ store: memoryRunStore(), resources });
    const missing = sqliteSource({ name: 'gone', path: join(rooms.root, 'gone.db') });
    const run = engine.run(nightly([missing]), []);
    await expect(run).rejects.toMatchObject({ code: 'BACKUP_NOT_PROVEN' });
  });
});

describe('the tasks', () => {
  it('can be put together by hand', async () => {
    const { scratchRoot } = rooms;
    const to = join(rooms.root, 'back');
    const byHand = flow(
      async () => {
        const dump = dumpSqlite.submit({ source: orders(), store: 'primary', scratchRoot });
        const tree = await snapshotFiles({ source: site(), store: 'primary', scratchRoot });
        const backup = await dump;
        await verifyByRestore({ backup, scratchRoot });
        const copy = await archiveBackup(backup, 'vault');
        await verifyByRestore({ backup, store: 'vault', scratchRoot });
        const restored = await restoreBackup({ backup: copy, from: 'vault', to: `${to}.db` });
        const before = new Date(Date.parse(tree.startedAt) + 1);
        await restoreBackup({ set: tree.set, before, from: 'primary', to });
        return restored;
      },
      { name: 'by-hand' },
    );
    const restored = await engine.run(byHand, []);
    expect(rowsOf(restored.to, 'orders')).toBe(200);
    expect(await readFile(join(to, 'a.txt'), 'utf8')).toBe('content');
    expect((await listBackups(vault)).backups[0]?.proof.level).toBe('restored');
  });

  it('publish nothing when the run is cancelled', async () => {
    const { scratchRoot } = rooms;
    const cancelled = flow(() => dumpSqlite({ source: orders(), store: 'primary', scratchRoot }), {
      name: 'cancelled',
    });
    const handle = await engine.start(cancelled, []);
    await handle.cancel('not tonight');
    await expect(handle.result()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await keysOf(primary)).some((key) => key.endsWith('manifest.json'))).toBe(false);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });
});
