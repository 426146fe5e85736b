import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import { createBackup, fileTree, restoreFromStore, sqliteSource } from '@holdfast/backups';
import { makeOrders } from './support/databases.ts';
import { forge } from './support/forged.ts';
import { leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();
let store: ObjectStore;
let to: string;

beforeEach(async () => {
  store = memoryObjectStore();
  const { root, scratchRoot } = rooms;
  const site = join(root, 'site');
  await mkdir(join(site, 'img', 'small'), { recursive: true });
  await mkdir(join(site, 'docs'));
  for (const name of ['index.html', 'img/logo.png', 'img/small/logo.png', 'docs/a.txt']) {
    await writeFile(join(site, name), name);
  }
  await symlink('img', join(site, 'pictures'));
  makeOrders(join(root, 'orders.db'));
  const common = { store, storeName: 'primary', scratchRoot };
  await createBackup({ ...common, source: fileTree({ name: 'site', path: site }) });
  const orders = sqliteSource({ name: 'orders', path: join(root, 'orders.db') });
  await createBackup({ ...common, source: orders });
  to = join(root, 'there', 'site');
});

async function restored(only: readonly string[]) {
  await restoreFromStore({ set: 'site', store, to, only });
  return (await readdir(to, { recursive: true })).toSorted();
}

describe('a part of a tree', () => {
  it.each([
    ['a file', ['img/logo.png'], ['img', 'img/logo.png']],
    [
      'a directory with all in it',
      ['/img'],
      ['img', 'img/logo.png', 'img/small', 'img/small/logo.png'],
    ],
    ['what a pattern matches', ['*.html', 'docs/**'], ['docs', 'docs/a.txt', 'index.html']],
    ['a symlink, and nothing through it', ['pictures'], ['pictures']],
  ])('can be %s', async (_, only, expected) => {
    expect(await restored(only)).toEqual(expected);
    expect(await leftIn(join(rooms.root, 'there'))).toEqual(['site']);
  });

  it('has to be there: else nothing is put in place', async () => {
    await expect(restored(['img/other.png'])).rejects.toMatchObject({
      code: 'RESTORE_PART_MISSING',
      context: { only: ['img/other.png'] },
    });
    expect(await leftIn(join(rooms.root, 'there'))).toEqual([]);
  });

  it('is not to be had of what is no tree', async () => {
    const part = restoreFromStore({ set: 'orders', store, to, only: ['orders'] });
    await expect(part).rejects.toMatchObject({ code: 'RESTORE_PART_UNSUPPORTED' });
    expect(await leftIn(join(rooms.root, 'there'))).toEqual([]);
  });
});

describe('a restore from before a time', () => {
  beforeEach(async () => {
    for (const day of [19, 20, 21]) {
      await forge(store, Date.parse(`2025-11-${day}T03:00:00Z`), 'restored', 'shop');
    }
  });

  it('takes times as people write them', async () => {
    for (const before of ['2025-11-20T12:00', '2025-11-21', '2025-11-20 03:00:01Z']) {
      const parsed = restoreFromStore({ set: 'shop', store, to, before });
      await expect(parsed).rejects.not.toMatchObject({ code: 'TIME_INVALID' });
    }
    const none = restoreFromStore({ set: 'shop', store, to, before: '2025-11-19T03:00:00+00:00' });
    await expect(none).rejects.toMatchObject({
      code: 'BACKUP_MISSING',
      message: expect.stringContaining('before 2025-11-19T03:00:00.000Z') as unknown,
    });
    const first = restoreFromStore({ set: 'shop', store, to, before: '2025-11-19T03:00:00.001Z' });
    await expect(first).rejects.not.toMatchObject({ code: 'BACKUP_MISSING' });
  });

  it('reads a time without an offset on the clock of this process', async () => {
    const local = new Date(2025, 10, 18, 3, 0).toISOString();
    const none = restoreFromStore({ set: 'shop', store, to, before: '2025-11-18T03:00' });
    await expect(none).rejects.toMatchObject({
      message: expect.stringContaining(`before ${local}`) as unknown,
    });
  });

  it.each(['yesterday', '2025-02-30', '2025-11-20T25:00', '', '2025-13-01T00:00Z'])(
    'refuses %j',
    async (before) => {
      const run = restoreFromStore({ set: 'shop', store, to, before });
      await expect(run).rejects.toMatchObject({ code: 'TIME_INVALID', retryable: false });
    },
  );
});
