import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  fileTree,
  restoreFromStore,
  sqliteSource,
} from '@holdfast/backups';
import { makeOrders, rowsOf } from './support/databases.ts';
import { overriding } from './support/overriding.ts';
import { flipByte, testRooms } from './support/rooms.ts';

const rooms = testRooms();
let store: ObjectStore;
let orders: Backup;
let site: Backup;
let to: string;

beforeEach(async () => {
  store = memoryObjectStore();
  const path = join(rooms.root, 'orders.db');
  makeOrders(path);
  await mkdir(join(rooms.root, 'site'));
  await writeFile(join(rooms.root, 'site', 'a.txt'), 'from the backup');
  const { scratchRoot } = rooms;
  const common = { store, storeName: 'primary', scratchRoot };
  orders = await createBackup({ ...common, source: sqliteSource({ name: 'orders', path }) });
  const tree = fileTree({ name: 'site', path: join(rooms.root, 'site') });
  site = await createBackup({ ...common, source: tree });
  await mkdir(join(rooms.root, 'there'));
  to = join(rooms.root, 'there', 'target');
});

async function beside(): Promise<string[]> {
  return readdir(join(rooms.root, 'there'));
}

describe('a restore', () => {
  it('takes the newest backup of a set, before a time if asked', async () => {
    const restored = await restoreFromStore({ set: 'orders', store, to });
    expect(restored).toMatchObject({
      set: 'orders',
      backup: orders.id,
      to,
      dumpedAt: orders.startedAt,
    });
    expect(rowsOf(to, 'orders')).toBe(200);
    const before = new Date(orders.startedAt);
    const earlier = restoreFromStore({ set: 'orders', before, store, to: `${to}2` });
    await expect(earlier).rejects.toMatchObject({ code: 'BACKUP_MISSING' });
  });

  it('refuses a target that is there, and leaves it alone', async () => {
    await writeFile(to, 'precious');
    for (const backup of [orders, site]) {
      const restored = restoreFromStore({ backup, store, to });
      await expect(restored).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
    }
    expect(await readFile(to, 'utf8')).toBe('precious');
    expect(await beside()).toEqual(['target']);
  });

  it("refuses a directory with something in it; an empty one is a tree's place", async () => {
    await mkdir(to);
    await restoreFromStore({ backup: site, store, to });
    expect(await readFile(join(to, 'a.txt'), 'utf8')).toBe('from the backup');
    const again = restoreFromStore({ backup: site, store, to });
    await expect(again).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
  });

  it('refuses a write-ahead log that would be played back into the restored database', async () => {
    await writeFile(`${to}-wal`, 'of an earlier database');
    const restored = restoreFromStore({ backup: orders, store, to });
    await expect(restored).rejects.toMatchObject({
      code: 'RESTORE_TARGET_NOT_EMPTY',
      context: { path: `${to}-wal` },
    });
  });

  it('swaps when told to, and keeps the old one beside with all that belongs to it', async () => {
    makeOrders(to, 3);
    await writeFile(`${to}-wal`, 'log');
    const restored = await restoreFromStore({ backup: orders, store, to, overwrite: true });
    expect(restored.replaced).toBe(`${to}.before-${orders.id}`);
    expect(rowsOf(to, 'orders')).toBe(200);
    const kept = `target.before-${orders.id}`;
    expect((await beside()).filter((name) => !/-(?:shm)$/.test(name))).toEqual(
      expect.arrayContaining(['target', kept, `${kept}-wal`]),
    );
    const again = await restoreFromStore({ backup: orders, store, to, overwrite: true });
    expect(again.replaced).toBe(`${to}.before-${orders.id}-2`);
  });

  it('swaps a tree', async () => {
    await mkdir(to);
    await writeFile(join(to, 'old.txt'), 'old');
    const { replaced } = await restoreFromStore({ backup: site, store, to, overwrite: true });
    expect(await readdir(to)).toEqual(['a.txt']);
    expect(await readdir(replaced ?? '')).toEqual(['old.txt']);
  });

  it('leaves nothing anywhere when the backup is damaged', async () => {
    await flipByte(store, `${orders.path}orders.sqlite.zst`);
    await flipByte(store, `${site.path}site.tar.zst`);
    for (const backup of [orders, site]) {
      const restored = restoreFromStore({ backup, store, to, overwrite: true });
      await expect(restored).rejects.toMatchObject({ code: 'ARTIFACT_ALTERED' });
    }
    expect(await beside()).toEqual([]);
  });

  it('stops when it is aborted, and leaves nothing', async () => {
    const abort = new AbortController();
    async function* get(key: string): AsyncGenerator<Uint8Array, void, void> {
      for await (const chunk of store.get(key)) {
        if (key.endsWith('.zst')) abort.abort(new Error('enough'));
        yield chunk;
      }
    }
    const slow = overriding(store, { get });
    for (const backup of [orders, site]) {
      const restored = restoreFromStore({ backup, store: slow, to, signal: abort.signal });
      await expect(restored).rejects.toThrow(/enough|abort/i);
    }
    expect(await beside()).toEqual([]);
  });
});
