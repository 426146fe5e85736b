import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { memoryObjectStore, secret } from '@holdfast/core';
import {
  createBackup,
  fileTree,
  redisSource,
  restoreFromStore,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { type RedisServer, startRedis } from '../../../test/servers/redis.ts';
import { canRun as canRedis } from './redis/harness.ts';
import { makeOrders, rowsOf } from './support/databases.ts';
import { leftIn, testRooms } from './support/rooms.ts';
import { describeTree } from './support/trees.ts';

const rooms = testRooms();

/** What files and directories may be called, and people do call them. */
const NAMES = [
  'two  spaces',
  ' spaces around ',
  `quotes ' " \``,
  '-rf',
  '--help',
  'line\nfeed',
  'emoji 😀',
  'grüße 密码',
  String.raw`back\slash`,
  '$(id) %s * ? [a] #!',
  'a:b;c&d|e',
  '.hidden',
];

const PASSWORDS = [
  '#hash',
  String.raw`back\slash`,
  `quotes ' "`,
  ' spaces around ',
  'colons::',
  'grüße 😀',
  'line\nfeed',
  '-x',
];

async function proven(source: Parameters<typeof createBackup>[0]['source']) {
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const backup = await createBackup({ source, store, storeName: 's', scratchRoot });
  expect(await verifyBackup({ backup, store, scratchRoot })).toMatchObject({ reached: 'restored' });
  expect(await leftIn(scratchRoot)).toEqual([]);
  return { backup, store };
}

describe.each(NAMES)('a file that is called %j', (name) => {
  it('is a database like any other, and a place to restore to', async () => {
    const path = join(rooms.root, name);
    makeOrders(path);
    const made = await proven(sqliteSource({ name: 'orders', path }));
    const to = join(rooms.root, `${name} again`, name);
    await restoreFromStore({ ...made, to });
    expect(rowsOf(to, 'orders')).toBe(200);
    const { replaced } = await restoreFromStore({ ...made, to, overwrite: true });
    expect(rowsOf(replaced ?? '', 'orders')).toBe(200);
  });

  it('is a tree like any other, with such files in it', async () => {
    const path = join(rooms.root, name);
    await mkdir(join(path, name), { recursive: true });
    await writeFile(join(path, name, name), 'content');
    await writeFile(join(path, `${name}2`), '');
    const made = await proven(fileTree({ name: 'site', path }));
    const to = join(rooms.root, `${name} again`);
    await restoreFromStore({ ...made, to });
    expect(describeTree(to)).toBe(describeTree(path));
    expect(await readFile(join(to, name, name), 'utf8')).toBe('content');
  });
});

describe('what is empty', () => {
  it('comes back empty: a database without tables, and a directory', async () => {
    const path = join(rooms.root, 'empty.db');
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 7');
    db.close();
    await proven(sqliteSource({ name: 'empty', path }));
    await mkdir(join(rooms.root, 'nothing'));
    await proven(fileTree({ name: 'nothing', path: join(rooms.root, 'nothing') }));
  });
});

describe.skipIf(!canRedis)('a Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    server.cli('SET', 'key', 'value');
  });
  afterAll(() => server.stop());

  it.each(PASSWORDS)('is reached with the password %j, by both ways', async (password) => {
    vi.stubEnv('ODD_PASSWORD', password);
    server.cli('ACL', 'SETUSER', 'odd-user', 'reset', 'on', `>${password}`, '~*', '+@all');
    const more = { user: 'odd-user', password: secret('env:ODD_PASSWORD') };
    await proven(redisSource({ name: 'cache', port: server.port, checksums: true, ...more }));
  });

  it('is reached by a socket whose path is odd', async () => {
    const directory = join(rooms.root, `it's a "socket" 😀`);
    await mkdir(directory);
    const other = await startRedis({ settings: { unixsocket: join(directory, '-s') } });
    try {
      await proven(redisSource({ name: 'cache', host: join(directory, '-s'), checksums: true }));
    } finally {
      await other.stop();
    }
  });
});
