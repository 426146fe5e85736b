import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { HoldfastError, type ObjectStore } from '@holdfast/core';
import {
  type Backup,
  createBackup,
  listBackups,
  reencryptBackup,
  type ReencryptOptions,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { makeOrders, rowsOf } from './support/databases.ts';
import { hasAge, type KeyPair, makeKey } from './support/keys.ts';
import { bytesOf, flipByte, keysOf, testRooms } from './support/rooms.ts';

const rooms = testRooms();
const run = promisify(execFile);

describe.skipIf(!hasAge)('a backup that is encrypted anew', () => {
  let store: ObjectStore;
  let old: KeyPair;
  let next: KeyPair;
  let backup: Backup;

  beforeEach(async () => {
    store = localObjectStore(join(rooms.root, 'store'));
    makeOrders(join(rooms.root, 'orders.db'));
    old = await makeKey(rooms.root, 'old');
    next = await makeKey(rooms.root, 'next');
    backup = await create({ recipients: [old.recipient] });
  });

  function create(encryption?: { recipients: string[] }) {
    const source = sqliteSource({ name: 'orders', path: join(rooms.root, 'orders.db') });
    const { scratchRoot } = rooms;
    const into = { store, storeName: 'primary', scratchRoot };
    return createBackup({ source, ...into, ...(encryption === undefined ? {} : { encryption }) });
  }

  function renew(options: Partial<ReencryptOptions> = {}) {
    return reencryptBackup({
      backup,
      from: store,
      to: store,
      toName: 'primary',
      identities: [old.identity],
      encryption: { recipients: [next.recipient] },
      ...options,
    });
  }

  function verify(which: Backup, key: KeyPair) {
    const { scratchRoot } = rooms;
    return verifyBackup({ backup: which, store, scratchRoot, identities: [key.identity] });
  }

  it('is the same content for others, of the same time, and leaves the old one as it was', async () => {
    const before = await bytesOf(store, `${backup.path}orders.sqlite.zst.age`);
    const renewed = await renew();
    expect(renewed).toMatchObject({ set: 'orders', startedAt: backup.startedAt });
    expect(await verify(renewed, next)).toMatchObject({ reached: 'restored' });
    await expect(verify(renewed, old)).rejects.toMatchObject({ code: 'IDENTITY_UNFIT' });
    expect(await verify(backup, old)).toMatchObject({ reached: 'restored' });
    expect(await bytesOf(store, `${backup.path}orders.sqlite.zst.age`)).toEqual(before);
    const { backups, problems } = await listBackups(store);
    expect(problems).toEqual([]);
    const [made] = backups.filter(({ manifest }) => manifest.id === renewed.id);
    expect(made?.manifest.reencryptedFrom).toEqual({
      id: backup.id,
      manifestSha256: backup.manifestSha256,
    });
    expect(made?.manifest.artifacts[0]?.recipients).toEqual([next.recipient]);
  });

  it('is restored by its RESTORE.md with the new identity', async () => {
    const renewed = await renew();
    const folder = join(rooms.root, 'copy');
    await cp(join(rooms.root, 'store', renewed.path), folder, { recursive: true });
    const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
    expect(guide).toContain(`backup ${renewed.id}`);
    expect(guide).toContain(next.recipient);
    expect(guide).not.toContain(old.recipient);
    const [, block = ''] = /^```sh\n(.*?)^```$/ms.exec(guide) ?? [];
    const env = { PATH: '/usr/bin:/bin', HOME: '/nonexistent', AGE_IDENTITY: next.path };
    await run('/bin/sh', ['-c', block], { cwd: folder, env });
    expect(rowsOf(join(folder, 'restored', 'orders.sqlite'), 'orders')).toBe(200);
  });

  it('is not made of a damaged one, without its identity, or when told to stop; nothing is left', async () => {
    const keys = await keysOf(store);
    await expect(renew({ identities: [next.identity] })).rejects.toMatchObject({
      code: 'IDENTITY_UNFIT',
    });
    await expect(renew({ encryption: { recipients: [] } })).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
    });
    const lost = new HoldfastError('LEASE_LOST', 'another process took over');
    await expect(renew({ beforePublish: () => Promise.reject(lost) })).rejects.toBe(lost);
    await expect(renew({ signal: AbortSignal.abort(lost) })).rejects.toBe(lost);
    await flipByte(store, `${backup.path}orders.sqlite.zst.age`);
    await expect(renew()).rejects.toMatchObject({ code: 'ARTIFACT_ALTERED' });
    expect(await keysOf(store)).toEqual(keys);
  });

  it('is not made of one that is not encrypted', async () => {
    backup = await create();
    await expect(renew()).rejects.toMatchObject({ code: 'BACKUP_NOT_ENCRYPTED' });
  });
});
