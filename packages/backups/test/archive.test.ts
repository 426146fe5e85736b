import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HoldfastError, memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  copyBackup,
  createBackup,
  listBackups,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { makeOrders } from './support/databases.ts';
import { overriding } from './support/overriding.ts';
import { bytesOf, flipByte, keysOf, testRooms } from './support/rooms.ts';

const rooms = testRooms();
let from: ObjectStore;
let to: ObjectStore;
let backup: Backup;

beforeEach(async () => {
  from = memoryObjectStore({ name: 'primary' });
  to = memoryObjectStore({ name: 'vault' });
  const path = join(rooms.root, 'orders.db');
  makeOrders(path);
  backup = await createBackup({
    source: sqliteSource({ name: 'orders', path }),
    store: from,
    storeName: 'primary',
    scratchRoot: rooms.scratchRoot,
  });
});

function copy(target = to) {
  return copyBackup({ backup, from, to: target, toName: 'vault' });
}

/** The store, noting the keys that are put; may fail at one. */
function noting(store: ObjectStore, keys: string[], failAt?: string): ObjectStore {
  const put: ObjectStore['put'] = (key, body, options) => {
    if (failAt !== undefined && key.endsWith(failAt)) {
      return Promise.reject(new HoldfastError('OBJECT_STORE_UNAVAILABLE', 'gone'));
    }
    keys.push(key.slice(key.lastIndexOf('/') + 1));
    return store.put(key, body, options);
  };
  return overriding(store, { put });
}

describe('a copy', () => {
  it('is the same backup, byte for byte, and can be verified where it is', async () => {
    const made = await copy();
    expect(made).toMatchObject({
      store: 'vault',
      id: backup.id,
      path: backup.path,
      keptObjects: 0,
    });
    for (const key of await keysOf(from))
      expect(await bytesOf(to, key)).toEqual(await bytesOf(from, key));
    expect((await listBackups(to)).backups[0]?.proof.level).toBe('checksum');
    await verifyBackup({ backup, store: to, scratchRoot: rooms.scratchRoot });
    expect((await listBackups(to)).backups[0]?.proof.level).toBe('restored');
  });

  it('writes the manifest last, and none when it is interrupted', async () => {
    const written: string[] = [];
    await expect(copy(noting(to, written, 'SHA256SUMS'))).rejects.toThrow('gone');
    expect((await listBackups(to)).backups).toEqual([]);
    const resumed: string[] = [];
    const made = await copy(noting(to, resumed));
    expect(made.keptObjects).toBe(2);
    expect(resumed.slice(0, 2)).toEqual(['SHA256SUMS', 'manifest.json']);
    const again = await copy();
    expect(again).toMatchObject({ copiedBytes: 0, keptObjects: 3 });
  });

  it('replaces an object that arrived damaged', async () => {
    await copy();
    await flipByte(to, `${backup.path}orders.sqlite.zst`);
    expect(await copy()).toMatchObject({ keptObjects: 2 });
    await verifyBackup({ backup, store: to, scratchRoot: rooms.scratchRoot });
  });

  it('never spreads damage', async () => {
    await flipByte(from, `${backup.path}orders.sqlite.zst`);
    await expect(copy()).rejects.toMatchObject({ code: 'ARTIFACT_ALTERED' });
    expect(await keysOf(to)).toEqual([]);
  });

  it('leaves another manifest of the same name alone', async () => {
    await to.put(`${backup.path}manifest.json`, Buffer.from('{}'));
    await expect(copy()).rejects.toMatchObject({ code: 'COPY_CONFLICT', retryable: false });
  });

  it('is not published by a holder that lost its lease', async () => {
    const beforePublish = () => Promise.reject(new HoldfastError('LEASE_LOST', 'lost'));
    const made = copyBackup({ backup, from, to, toName: 'vault', beforePublish });
    await expect(made).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect((await listBackups(to)).backups).toEqual([]);
  });
});
