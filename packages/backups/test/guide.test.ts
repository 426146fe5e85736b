import { execFile, execFileSync } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createBackup, fileTree, sqliteSource } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { makeOrders, rowsOf } from './support/databases.ts';
import { hasAge, type KeyPair, makeKey } from './support/keys.ts';
import { testRooms } from './support/rooms.ts';
import { describeTree, makeTree } from './support/trees.ts';

const rooms = testRooms();
const run = promisify(execFile);

/** Backs up to a directory, then restores from a copy of the folder alone, with the commands of its RESTORE.md. */
async function restoreByHand(source: Parameters<typeof createBackup>[0]['source'], key?: KeyPair) {
  const root = join(rooms.root, 'store');
  const store = localObjectStore(root);
  const { scratchRoot } = rooms;
  const encryption = key === undefined ? {} : { encryption: { recipients: [key.recipient] } };
  const into = { store, storeName: 'primary', scratchRoot };
  const backup = await createBackup({ source, ...into, ...encryption });
  const folder = join(rooms.root, 'usb stick');
  await cp(join(root, backup.path), folder, { recursive: true });
  const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
  const blocks = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  expect(blocks).toHaveLength(1);
  const paste = (AGE_IDENTITY = key?.path) =>
    run('/bin/sh', ['-c', blocks[0] ?? ''], {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...(AGE_IDENTITY && { AGE_IDENTITY }) },
    });
  return { folder, guide, paste };
}

describe('RESTORE.md', () => {
  it('brings a database back with standard tools alone', async () => {
    const path = join(rooms.root, "live 'orders'.db");
    makeOrders(path);
    const { folder, paste } = await restoreByHand(sqliteSource({ name: 'orders', path }));
    const { stdout } = await paste();
    const lines = stdout.trim().split('\n');
    expect(lines).toContain('ok orders');
    expect(lines).toContain(`ok odd "name'`);
    expect(lines.filter((line) => !/^ok\b|: OK$/.test(line))).toEqual([]);
    const restored = join(folder, 'restored', 'orders.sqlite');
    expect(rowsOf(restored, 'orders')).toBe(200);
    const dump = (file: string) =>
      execFileSync('sh', ['-c', 'sqlite3 "$0" .dump', file], { encoding: 'utf8' });
    expect(dump(restored)).toBe(dump(path));
  });

  it('says so when a row is missing', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const { folder, guide, paste } = await restoreByHand(sqliteSource({ name: 'orders', path }));
    await paste();
    const db = new DatabaseSync(join(folder, 'restored', 'orders.sqlite'));
    db.exec('DELETE FROM orders WHERE id = 7');
    db.close();
    const check = /^sqlite3 [^]*?^END_OF_CHECKS$/m.exec(guide)?.[0] ?? '';
    const { stdout } = await run('/bin/sh', ['-c', check], { cwd: folder });
    expect(stdout).toContain('WRONG: 199 rows instead of 200 orders');
  });

  it('brings a tree back with standard tools alone, awkward names included', async () => {
    const path = join(rooms.root, 'site');
    await makeTree(path);
    const { folder, paste } = await restoreByHand(fileTree({ name: 'site', path }));
    await paste();
    expect(describeTree(join(folder, 'restored'))).toBe(describeTree(path));
  });

  it('brings a tree without files back', async () => {
    const path = join(rooms.root, 'site');
    await makeTree(path);
    const source = fileTree({ name: 'site', path, exclude: ['*'] });
    const { folder, paste } = await restoreByHand(source);
    await paste();
    expect(execFileSync('find', ['.'], { cwd: join(folder, 'restored'), encoding: 'utf8' })).toBe(
      '.\n',
    );
  });

  it('stops before it writes anything when a file is damaged, and overwrites nothing', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const { folder, paste } = await restoreByHand(sqliteSource({ name: 'orders', path }));
    await paste();
    await expect(paste()).rejects.toMatchObject({ code: 1 });
    const stored = join(folder, 'orders.sqlite.zst');
    const bytes = await readFile(stored);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    execFileSync('rm', ['-r', join(folder, 'restored')]);
    execFileSync('sh', ['-c', 'cat > "$0"', stored], { input: bytes });
    await expect(paste()).rejects.toMatchObject({
      stdout: expect.stringContaining('orders.sqlite.zst: FAILED'),
    });
    expect(execFileSync('ls', [folder], { encoding: 'utf8' })).not.toContain('restored');
  });
});

describe.skipIf(!hasAge)('RESTORE.md of an encrypted backup', () => {
  it('brings a database back with age and an identity', async () => {
    const key = await makeKey(rooms.root, "one's key");
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const source = sqliteSource({ name: 'orders', path });
    const { folder, guide, paste } = await restoreByHand(source, key);
    expect(guide).toContain(`Encrypted with age for ${key.recipient}.`);
    expect(guide).toContain('Programs needed: age, sha256sum, zstd, sqlite3.');
    const { stdout } = await paste();
    expect(stdout).toContain('ok orders');
    expect(rowsOf(join(folder, 'restored', 'orders.sqlite'), 'orders')).toBe(200);
    expect(execFileSync('ls', [folder], { encoding: 'utf8' })).not.toContain('decrypted');
  });

  it('brings a tree back with age and an identity, awkward names included', async () => {
    const key = await makeKey(rooms.root, 'key');
    const path = join(rooms.root, 'site');
    await makeTree(path);
    const { folder, paste } = await restoreByHand(fileTree({ name: 'site', path }), key);
    await paste();
    expect(describeTree(join(folder, 'restored'))).toBe(describeTree(path));
  });

  it('stops before it restores anything where the identity is that of somebody else, and works with the right one then', async () => {
    const [key, other] = [await makeKey(rooms.root, 'a'), await makeKey(rooms.root, 'b')];
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const { folder, paste } = await restoreByHand(sqliteSource({ name: 'orders', path }), key);
    await expect(paste(other.path)).rejects.toMatchObject({ code: 1 });
    expect(execFileSync('ls', [folder], { encoding: 'utf8' })).not.toContain('restored');
    await paste();
    expect(rowsOf(join(folder, 'restored', 'orders.sqlite'), 'orders')).toBe(200);
  });
});
