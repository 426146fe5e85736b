import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, restoreFromStore, sqliteSource, verifyBackup } from '@holdfast/backups';
import { makeOrders, rowsOf } from './support/databases.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();

async function dump(path: string) {
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const source = sqliteSource({ name: 'orders', path });
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  await verifyBackup({ backup, store, scratchRoot });
  return { store, backup };
}

/** Every file of a directory with its bytes, but for the shared memory, which readers write to. */
async function filesOf(directory: string): Promise<Map<string, string>> {
  const names = (await readdir(directory)).toSorted();
  const files = new Map<string, string>();
  for (const name of names) {
    const bytes = name.endsWith('-shm') ? '' : await readFile(join(directory, name), 'base64');
    files.set(name, bytes);
  }
  return files;
}

/** What a process that dies leaves behind: files as they are, in the middle of its work. */
async function crashCopy(from: string, suffixes: readonly string[]): Promise<string> {
  const directory = join(rooms.root, 'crashed');
  await mkdir(directory);
  for (const suffix of ['', ...suffixes]) {
    await copyFile(from + suffix, join(directory, `orders.db${suffix}`));
  }
  return directory;
}

async function room(): Promise<string> {
  await mkdir(join(rooms.root, 'data'));
  return join(rooms.root, 'data');
}

it('leaves nothing beside a database in WAL mode that nobody has open', async () => {
  const directory = await room();
  makeOrders(join(directory, 'orders.db'));
  const before = await filesOf(directory);
  expect([...before.keys()]).toEqual(['orders.db']);
  await dump(join(directory, 'orders.db'));
  expect(await filesOf(directory)).toEqual(before);
});

it('reads the log that a crashed process left, and leaves it as it is', async () => {
  const path = join(await room(), 'orders.db');
  makeOrders(path);
  const db = new DatabaseSync(path);
  db.exec('INSERT INTO orders (customer) VALUES (1), (2)');
  const directory = await crashCopy(path, ['-wal']);
  db.close();
  const before = await filesOf(directory);
  const { store, backup } = await dump(join(directory, 'orders.db'));
  const after = await filesOf(directory);
  after.delete('orders.db-shm');
  expect(after).toEqual(before);
  const to = join(rooms.root, 'back.db');
  await restoreFromStore({ backup, store, to });
  expect(rowsOf(to, 'orders')).toBe(202);
});

it('reads a database in rollback mode, and leaves it as it is', async () => {
  const directory = await room();
  const path = join(directory, 'orders.db');
  makeOrders(path);
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = DELETE');
  db.close();
  const before = await filesOf(directory);
  await dump(path);
  expect(await filesOf(directory)).toEqual(before);
});

it('refuses a database with a transaction that was cut off, and leaves it as it is', async () => {
  const path = join(await room(), 'orders.db');
  makeOrders(path, 5000);
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = DELETE; PRAGMA cache_size = 5; BEGIN');
  db.exec("UPDATE orders SET note = 'half ' || note");
  const directory = await crashCopy(path, ['-journal']);
  db.exec('ROLLBACK');
  db.close();
  const before = await filesOf(directory);
  const made = dump(join(directory, 'orders.db'));
  await expect(made).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE', retryable: false });
  expect(await filesOf(directory)).toEqual(before);
});

it('reads through a symlink, the log beside the file itself included', async () => {
  const path = join(await room(), 'orders.db');
  makeOrders(path);
  const db = new DatabaseSync(path);
  db.exec('INSERT INTO orders (customer) VALUES (1)');
  await symlink(path, join(rooms.root, 'link.db'));
  const { store, backup } = await dump(join(rooms.root, 'link.db'));
  db.close();
  const to = join(rooms.root, 'back.db');
  await restoreFromStore({ backup, store, to });
  expect(rowsOf(to, 'orders')).toBe(201);
});

it('reads a path with signs that a URL gives a meaning', async () => {
  const directory = join(await room(), 'a b%20c?mode=memory#d');
  await mkdir(directory);
  makeOrders(join(directory, 'orders.db'));
  await dump(join(directory, 'orders.db'));
  expect(await readdir(directory)).toEqual(['orders.db']);
});

it('brings back odd tables, pages and texts', async () => {
  const path = join(rooms.root, 'odd.db');
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA page_size = 512;
    CREATE TABLE words (a TEXT PRIMARY KEY, b) WITHOUT ROWID;
    CREATE TABLE made (a INT, b INT AS (a * 2) STORED, c INT AS (a + 1));
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE "line
feed 'é' ""quoted""" (a);
    CREATE TABLE big (b BLOB);
    INSERT INTO words VALUES ('ä', 1); INSERT INTO made (a) VALUES (1);
    INSERT INTO counted DEFAULT VALUES; INSERT INTO big VALUES (zeroblob(5000000));
    CREATE VIRTUAL TABLE four USING fts4(x); INSERT INTO four VALUES ('a b');
    CREATE VIRTUAL TABLE five USING fts5(x, content='', contentless_delete=1);
    INSERT INTO five (rowid, x) VALUES (1, 'a b');
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab('five', 'row');
    CREATE VIRTUAL TABLE places USING rtree(id, a, b); INSERT INTO places VALUES (1, 1, 2);
    ANALYZE;
  `);
  db.close();
  execFileSync('sqlite3', [
    '-batch',
    path,
    `PRAGMA writable_schema = 1;
     INSERT INTO sqlite_schema VALUES ('table', 'foreign', 'foreign', 0, 'CREATE VIRTUAL TABLE "foreign" USING nowhere(x)')`,
  ]);
  const { backup } = await dump(path);
  expect(backup.warnings).toEqual([
    'A virtual table could not be counted: foreign: no such module: nowhere.',
  ]);
});
