import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, restoreFromStore, sqliteSource, verifyBackup } from '@holdfast/backups';
import { rowsOf } from './support/databases.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();
let path: string;

beforeEach(() => {
  path = join(rooms.root, 'own.db');
});

/** Dumps, proves and restores; gives the warnings. */
async function comesBack(): Promise<readonly string[]> {
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const source = sqliteSource({ name: 'own', path });
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  await verifyBackup({ backup, store, scratchRoot });
  const to = join(rooms.root, 'back.db');
  await restoreFromStore({ backup, store, to });
  expect(rowsOf(to, 'good')).toBe(2);
  return backup.warnings;
}

function make(sql: string): void {
  execFileSync('sqlite3', [
    '-batch',
    path,
    `CREATE TABLE good (a); INSERT INTO good VALUES (1), (2); ${sql}`,
  ]);
}

function makeWithFunction(): void {
  make('');
  const db = new DatabaseSync(path);
  db.function('mine', { deterministic: true }, (value) => value);
  db.exec('CREATE TABLE own (a CHECK (mine(a) = a)); CREATE INDEX i ON own (mine(a))');
  db.exec('INSERT INTO own VALUES (1)');
  db.close();
}

describe('a database that SQLite cannot check in full without its application', () => {
  it('comes back with a warning when it needs a function', async () => {
    makeWithFunction();
    expect(await comesBack()).toEqual([
      'The table own could not be checked: unknown function: mine().',
    ]);
  });

  it('comes back with a warning when it needs a collation', async () => {
    make(
      "CREATE TABLE own (a COLLATE uint); INSERT INTO own VALUES ('1'); CREATE INDEX i ON own (a)",
    );
    expect(await comesBack()).toEqual([
      'The table own could not be checked: no such collation sequence: uint.',
    ]);
  });

  it('comes back with a warning when a foreign key names no key', async () => {
    make('CREATE TABLE parent (a, b); CREATE TABLE own (x REFERENCES parent (b))');
    expect(await comesBack()).toEqual([
      'The table own could not be checked: foreign key mismatch - "own" referencing "parent".',
    ]);
  });

  it('is refused all the same when what can be checked is damaged', async () => {
    makeWithFunction();
    const db = new DatabaseSync(path, { readOnly: true });
    const root = db.prepare("SELECT rootpage AS p FROM sqlite_schema WHERE name = 'good'").get();
    const pageSize = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
    db.close();
    const file = await open(path, 'r+');
    const end = Number(root?.['p']) * pageSize;
    // The rows' own headers: the tree stays countable.
    await file.write(Buffer.alloc(4, 0xee), 0, 4, end - 4);
    await file.close();
    await expect(comesBack()).rejects.toMatchObject({ code: 'DUMP_CORRUPT_SOURCE' });
  });
});
