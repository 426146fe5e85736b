import { describe, expect, it, vi } from 'vitest';
import { createEngine, flow, memoryObjectStore, memoryRunStore } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  dumpSource,
  listBackups,
  nightlyBackup,
  type RestoredCopy,
  restoreFromStore,
  sqliteSource,
  verifyBackup,
  verifyByRestore,
  verifyWith,
} from '@holdfast/backups';
import { makeOrders } from './support/databases.ts';
import { leftIn, testRooms } from './support/rooms.ts';
import { ToyServer } from './support/toy-server.ts';

const rooms = testRooms();

async function dumped(lost = 0) {
  const toy = new ToyServer();
  toy.databases.set('shop', ['a', 'b', 'c']);
  toy.lost = lost;
  const store = memoryObjectStore();
  const work = { sources: [toy.source], scratchRoot: rooms.scratchRoot };
  const backup = await createBackup({ ...work, source: toy.spec, store, storeName: 'primary' });
  return { toy, store, backup, work };
}

describe('a source on a server', () => {
  it('is restored into a scratch place, compared, asked, and closed', async () => {
    const { toy, store, backup, work } = await dumped();
    const check = vi.fn(async (db) => {
      expect(await db.query('how many?')).toHaveLength(3);
      expect(db.server.databases).toEqual({ shop: 'scratch' });
    });
    const now = vi.fn(() => Date.parse(backup.startedAt) + 60_000);
    const record = await verifyBackup({ ...work, backup, store, check, now });
    expect(check).toHaveBeenCalledOnce();
    expect(toy.calls).toEqual(['openScratch', 'restore', 'compare', 'how many?', 'close']);
    expect(record).toMatchObject({ reached: 'restored', restoreMs: 0, dataAgeMs: 60_000 });
    expect(record.compared).toMatchObject({ objects: 3, tables: 1, rows: 3 });
    expect([...toy.databases.keys()]).toEqual(['shop']);
  });

  it('tells in its manifest what the dump learned', async () => {
    const { store } = await dumped();
    const { manifest } = (await listBackups(store)).backups[0]!;
    expect(manifest.source.identity).toEqual({ host: 'toy', flavour: 'plain' });
    expect(manifest.fingerprint).toMatchObject({
      kind: 'server',
      databases: [{ database: 'shop', objects: [{ objects: 'views', count: 2 }] }],
    });
  });

  it('uses the scratch server that it is given, if it is of its kind', async () => {
    const { toy, store, backup, work } = await dumped();
    await verifyBackup({ ...work, backup, store, scratchServer: { ...toy.target, kind: 'other' } });
    expect(toy.calls.splice(0)[0]).toBe('openScratch');
    await verifyBackup({ ...work, backup, store, scratchServer: { ...toy.target, host: 'spare' } });
    expect(toy.calls[0]).toBe('openScratch on spare');
  });

  it('is not proven when rows were lost before the hash, and its place is closed', async () => {
    const { toy, store, backup, work } = await dumped(1);
    const verified = verifyBackup({ ...work, backup, store });
    await expect(verified).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      message: expect.stringContaining('table rows: expected 3 rows, found 2 rows'),
    });
    expect(toy.calls.at(-1)).toBe('close');
  });

  it.each([
    ['throws', () => Promise.reject(new Error('no order of today')), 'no order of today'],
    ['gives false', () => false, 'it gave false'],
  ])('is not proven when its check %s', async (_what, check, why) => {
    const { toy, store, backup, work } = await dumped();
    await expect(verifyBackup({ ...work, backup, store, check })).rejects.toMatchObject({
      code: 'VERIFY_FAILED',
      message: expect.stringContaining(why),
      context: { problem: 'RESTORE_CHECK_FAILED' },
    });
    expect(toy.calls.at(-1)).toBe('close');
    const { backups } = await listBackups(store);
    expect(backups[0]?.proof.level).not.toBe('restored');
  });

  it('does not take a check that asks for a path for a damaged backup', async () => {
    const { store, backup, work } = await dumped();
    const check = (copy: { readonly path: string }) => copy.path.length > 0;
    await expect(verifyBackup({ ...work, backup, store, check })).rejects.toMatchObject({
      code: 'CHECK_UNFIT',
    });
  });

  it('is restored beside its target and swapped, once it is compared', async () => {
    const { toy, store, work } = await dumped();
    toy.databases.delete('shop');
    const to = toy.target;
    const restored = await restoreFromStore({ ...work, store, set: 'shop', to, tables: ['rows'] });
    expect(restored).toMatchObject({ set: 'shop', to: 'toy://toy/shop' });
    expect(toy.calls).toEqual(['openTarget rows', 'restore', 'compare', 'swap', 'close']);
    const again = restoreFromStore({ ...work, store, set: 'shop', to });
    await expect(again).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('is not swapped into its place when it differs', async () => {
    const { toy, store, work } = await dumped(1);
    const to = { ...toy.target, database: 'other' };
    const restored = restoreFromStore({ ...work, store, set: 'shop', to });
    await expect(restored).rejects.toMatchObject({ code: 'RESTORE_DIFFERS' });
    expect(toy.calls.slice(-2)).toEqual(['compare', 'close']);
    expect(toy.databases.has('other')).toBe(false);
  });

  it('goes to no path, and a path source to no server', async () => {
    const { toy, store, work } = await dumped();
    const refused = { code: 'RESTORE_TARGET_INVALID' };
    const target = restoreFromStore({ ...work, store, set: 'shop', to: rooms.root });
    await expect(target).rejects.toMatchObject(refused);
    const other = { ...toy.target, kind: 'other' };
    const wrong = restoreFromStore({ ...work, store, set: 'shop', to: other });
    await expect(wrong).rejects.toMatchObject(refused);
    makeOrders(`${rooms.root}/o.db`, 1);
    const source = sqliteSource({ name: 'orders', path: `${rooms.root}/o.db` });
    await createBackup({ source, store, storeName: 'primary', scratchRoot: rooms.scratchRoot });
    const file = restoreFromStore({ store, set: 'orders', to: toy.target });
    await expect(file).rejects.toMatchObject(refused);
  });
});

describe('a nightly backup', () => {
  it('proves on the scratch server that it is given, and asks the check of each set', async () => {
    const toy = new ToyServer();
    toy.databases.set('shop', ['a']);
    const options = {
      sources: [toy.spec],
      stores: { primary: 'primary' },
      scratchRoot: rooms.scratchRoot,
      scratchServer: { ...toy.target, host: 'spare' },
    };
    const nightly = nightlyBackup({ ...options, checks: { shop: 'checkShop' } });
    const engine = createEngine({
      store: memoryRunStore(),
      flows: [nightly],
      resources: {
        primary: memoryObjectStore(),
        'source:toy': toy.source,
        checkShop: async (copy: RestoredCopy) => void (await copy.query('how many?')),
      },
    });
    await engine.run(nightly);
    await engine.stop();
    expect(toy.calls).toEqual(['openScratch on spare', 'restore', 'compare', 'how many?', 'close']);
    const unknown = () => nightlyBackup({ ...options, checks: { other: 'checkShop' } });
    expect(unknown).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });
});

describe('verification tasks', () => {
  it('ask a check that is a resource, or one of their own', async () => {
    const toy = new ToyServer();
    toy.databases.set('shop', ['a']);
    const { scratchRoot } = rooms;
    const asked: string[] = [];
    const verifyShop = verifyWith({
      name: 'verifyShop',
      check: ({ manifest }) => void asked.push(`own ${manifest.set}`),
    });
    const nightly = flow(
      async (): Promise<Backup> => {
        const backup = await dumpSource({ source: toy.spec, store: 'primary', scratchRoot });
        await verifyByRestore({ backup, scratchRoot, check: 'checkShop' });
        await verifyShop({ backup, scratchRoot });
        return backup;
      },
      { name: 'nightly' },
    );
    const engine = createEngine({
      store: memoryRunStore(),
      flows: [nightly],
      resources: {
        primary: memoryObjectStore(),
        'source:toy': toy.source,
        checkShop: () => void asked.push('resource'),
      },
    });
    await engine.run(nightly);
    await engine.stop();
    expect(asked).toEqual(['resource', 'own shop']);
  });
});
