import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  copyBackup,
  createBackup,
  lastProven,
  latestBackup,
  listBackups,
  restoreFromStore,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { makeOrders } from '../support/databases.ts';
import { overriding } from '../support/overriding.ts';
import { flipByte, keysOf, testRooms } from '../support/rooms.ts';

const rooms = testRooms();
const YEAR = 366 * 24 * 3_600_000;
let store: ObjectStore;

function create(now: () => number = Date.now): Promise<Backup> {
  const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
  const { scratchRoot } = rooms;
  return createBackup({ source, store, storeName: 'primary', scratchRoot, now });
}

function verify(backup: Backup, now: () => number = Date.now) {
  return verifyBackup({ backup, store, scratchRoot: rooms.scratchRoot, now });
}

function inAYear(): number {
  return Date.now() + YEAR;
}

beforeEach(() => {
  store = memoryObjectStore({ name: 'primary' });
  makeOrders(join(rooms.root, 'orders.db'));
});

describe('a backup that was made while the clock was ahead', () => {
  it('is not taken for the newest', async () => {
    const ahead = await create(inAYear);
    const backup = await create();
    await verify(ahead);
    await verify(backup);
    expect((await latestBackup(store, { set: 'orders' }))?.manifest.id).toBe(backup.id);
    expect(await lastProven([store], 'orders')).toBe(backup.startedAt);
    const to = join(rooms.root, 'back.db');
    expect(await restoreFromStore({ set: 'orders', store, to })).toMatchObject({
      backup: backup.id,
    });
  });

  it('is still found when there is no other', async () => {
    const ahead = await create(inAYear);
    await verify(ahead);
    expect((await latestBackup(store, { set: 'orders' }))?.manifest.id).toBe(ahead.id);
    expect(await lastProven([store], 'orders')).toBe(ahead.startedAt);
  });
});

it('a proof that was dated ahead hides no later failure', async () => {
  const backup = await create();
  await verify(backup, inAYear);
  const proven = (await listBackups(store)).backups[0]?.proof;
  expect(proven).toMatchObject({ level: 'restored' });
  await flipByte(store, `${backup.path}orders.sqlite.zst`);
  await expect(verify(backup)).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
  const { proof } = (await listBackups(store)).backups[0]!;
  expect(proof.level).toBe('stored');
  expect(proof.failedAt).toBeDefined();
});

it('neither a copy nor a restore takes another manifest than the one that was named', async () => {
  const backup = await create();
  const other = { ...backup, manifestSha256: '0'.repeat(64) };
  const vault = memoryObjectStore({ name: 'vault' });
  const copied = copyBackup({ backup: other, from: store, to: vault, toName: 'vault' });
  await expect(copied).rejects.toMatchObject({ code: 'MANIFEST_ALTERED' });
  expect(await keysOf(vault)).toEqual([]);
  const restored = restoreFromStore({ backup: other, store, to: join(rooms.root, 'back.db') });
  await expect(restored).rejects.toMatchObject({ code: 'MANIFEST_ALTERED' });
});

it('a record or a manifest that goes away while it is listed hides nothing else', async () => {
  const [first, second] = [await create(), await create()];
  await verify(second);
  const fleeting = overriding(store, {
    async *get(key) {
      if (key.startsWith(first.path) || key.includes('verifications/')) {
        await store.delete(key);
      }
      yield* store.get(key);
    },
  });
  const catalog = await listBackups(fleeting);
  expect(catalog.backups.map(({ manifest }) => manifest.id)).toEqual([second.id]);
  expect(catalog.backups[0]?.proof).toEqual({ level: 'stored' });
});
