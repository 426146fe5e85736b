import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  fileTree,
  listBackups,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { makeOrders } from './support/databases.ts';
import { losesFiles, losesRows } from './support/liars.ts';
import { bytesOf, flipByte, keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();

describe.each(['memory', 'local'])('damage in a %s store', (kind) => {
  let store: ObjectStore;
  let backup: Backup;

  beforeEach(async () => {
    store = kind === 'memory' ? memoryObjectStore() : localObjectStore(join(rooms.root, 'store'));
    const root = join(rooms.root, 'site');
    await mkdir(root);
    await writeFile(join(root, 'a.txt'), 'some content');
    backup = await create(fileTree({ name: 'site', path: root }));
  });

  function create(source: Parameters<typeof createBackup>[0]['source'], sources = {}) {
    const { scratchRoot } = rooms;
    return createBackup({ source, store, storeName: 'primary', scratchRoot, ...sources });
  }

  function verify(given = backup, sources = {}) {
    return verifyBackup({ backup: given, store, scratchRoot: rooms.scratchRoot, ...sources });
  }

  const objects = [
    'site.tar.zst',
    'site.sha256',
    'site.members.jsonl.zst',
    'SHA256SUMS',
    'RESTORE.md',
  ];

  it.each(objects)('is found in %s, named, and recorded', async (name) => {
    await verify();
    expect((await listBackups(store)).backups[0]?.proof.level).toBe('restored');
    await flipByte(store, backup.path + name);
    const error = (await verify().catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({
      code: 'VERIFY_FAILED',
      retryable: false,
      context: { artifact: name, problem: 'ARTIFACT_ALTERED' },
    });
    expect(error.message).toContain(name);
    const { backups } = await listBackups(store);
    expect(backups[0]?.proof).toMatchObject({ level: 'stored', failedAt: expect.any(String) });
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('is found in the manifest, which hides no other backup', async () => {
    const other = await create(fileTree({ name: 'other', path: join(rooms.root, 'site') }));
    await flipByte(store, `${backup.path}manifest.json`);
    await expect(verify()).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    const catalog = await listBackups(store);
    expect(catalog.backups.map(({ manifest }) => manifest.id)).toEqual([other.id]);
    expect(catalog.problems).toEqual([
      expect.objectContaining({ key: `${backup.path}manifest.json` }),
    ]);
  });

  it('is found when an object is missing or cut', async () => {
    const key = `${backup.path}site.tar.zst`;
    const whole = await bytesOf(store, key);
    await store.put(key, whole.subarray(0, -10));
    await expect(verify()).rejects.toMatchObject({ context: { artifact: 'site.tar.zst' } });
    expect((await listBackups(store)).problems).toMatchObject([{ key, code: 'ARTIFACT_ALTERED' }]);
    await store.delete(key);
    await expect(verify()).rejects.toMatchObject({ context: { problem: 'OBJECT_MISSING' } });
    expect((await listBackups(store)).backups[0]?.proof.level).toBeNull();
  });

  it('is found when the manifest was replaced by another good one', async () => {
    const forged = { ...backup, manifestSha256: '0'.repeat(64) };
    await expect(verify(forged)).rejects.toMatchObject({
      context: { problem: 'MANIFEST_ALTERED' },
    });
  });

  it('a dump that lost rows passes every checksum, and fails when it is restored', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const sources = { sources: [losesRows()] };
    const lie = await create(sqliteSource({ name: 'orders', path }), sources);
    const { scratchRoot } = rooms;
    await verifyBackup({ backup: lie, store, scratchRoot, level: 'readable' });
    const error = (await verify(lie).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'VERIFY_FAILED', context: { problem: 'RESTORE_DIFFERS' } });
    expect(error.message).toContain('table orders: expected 200 rows, found 150 rows');
    const entry = (await listBackups(store, { set: 'orders' })).backups[0];
    expect(entry?.proof).toMatchObject({ level: 'readable', failedAt: expect.any(String) });
  });

  it('an archive that lost a file passes every checksum, and fails when it is restored', async () => {
    const poorer = join(rooms.root, 'poorer');
    await mkdir(poorer);
    await writeFile(join(poorer, 'b.txt'), 'another file');
    const sources = { sources: [losesFiles(fileTree({ name: 'site', path: poorer }))] };
    const lie = await create(fileTree({ name: 'lie', path: join(rooms.root, 'site') }), sources);
    const { scratchRoot } = rooms;
    await verifyBackup({ backup: lie, store, scratchRoot, level: 'readable' });
    const error = (await verify(lie).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toContain('file "a.txt": expected file, found not there');
    expect(error).toMatchObject({ code: 'VERIFY_FAILED' });
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('keeps its records append-only, one object each', async () => {
    await verify();
    await verify();
    const records = (await keysOf(store, backup.path)).filter((key) => key.includes('/verif'));
    expect(new Set(records).size).toBe(2);
  });
});
