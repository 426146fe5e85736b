import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { currentProcess, formatIdentity } from '@holdfast/core/process';
import { createBackup, restoreFromStore, sqliteSource } from '@holdfast/backups';
import { makeOrders, rowsOf } from './support/databases.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();

async function backedUp() {
  const store = memoryObjectStore();
  const path = join(rooms.root, 'orders.db');
  makeOrders(path);
  const { scratchRoot } = rooms;
  const source = sqliteSource({ name: 'orders', path });
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  await mkdir(join(rooms.root, 'there'));
  return { store, backup, to: join(rooms.root, 'there', 'target.db') };
}

function beside(): Promise<string[]> {
  return readdir(join(rooms.root, 'there'));
}

describe('a restore', () => {
  it('removes what restores of dead processes left beside the target', async () => {
    const { store, backup, to } = await backedUp();
    const dead = formatIdentity({ ...currentProcess(), startTime: '1' }).replaceAll(':', '+');
    const left = join(rooms.root, 'there', `.holdfast-${dead}-Ab12Cd`);
    await mkdir(left);
    await writeFile(join(left, 'restored'), 'half');
    const others = ['.holdfast-', '.holdfast-mine', '.target.db.swp'];
    for (const name of others) await writeFile(join(rooms.root, 'there', name), '');
    await restoreFromStore({ backup, store, to });
    expect((await beside()).toSorted()).toEqual([...others, 'target.db'].toSorted());
  });

  it('keeps what an earlier one has moved aside', async () => {
    const { store, backup, to } = await backedUp();
    await writeFile(`${to}-wal`, 'first');
    const first = await restoreFromStore({ backup, store, to, overwrite: true });
    await writeFile(`${to}-wal`, 'second');
    const second = await restoreFromStore({ backup, store, to, overwrite: true });
    expect(await readFile(`${first.replaced}-wal`, 'utf8')).toBe('first');
    expect(await readFile(`${second.replaced}-wal`, 'utf8')).toBe('second');
  });

  it('takes a name as long as the file system does', async () => {
    const { store, backup, to } = await backedUp();
    const long = join(to, '..', `${'長'.repeat(80)}.db`);
    await restoreFromStore({ backup, store, to: long });
    expect(rowsOf(long, 'orders')).toBe(200);
  });

  it('puts a database in the place of an empty directory, when it may', async () => {
    const { store, backup, to } = await backedUp();
    await mkdir(to);
    const refused = restoreFromStore({ backup, store, to });
    await expect(refused).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
    const { replaced } = await restoreFromStore({ backup, store, to, overwrite: true });
    expect(rowsOf(to, 'orders')).toBe(200);
    expect(await readdir(replaced ?? '')).toEqual([]);
  });
});
