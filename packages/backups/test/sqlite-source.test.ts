import { chmod, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { type Child, isAlive, startChild } from '@holdfast/core/process';
import {
  createBackup,
  listBackups,
  restoreFromStore,
  sqliteSource,
  verifyBackup,
} from '@holdfast/backups';
import { asNobody } from './support/nobody.ts';
import { makeOrders, rowsOf, Writer } from './support/databases.ts';
import { keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();

async function dump(path: string, extra: { foreignKeys?: 'warning' } = {}) {
  const store = memoryObjectStore();
  const source = sqliteSource({ name: 'orders', path, ...extra });
  const { scratchRoot } = rooms;
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  return { store, backup, scratchRoot };
}

describe('a SQLite source', () => {
  it('comes back as it was', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const { store, backup, scratchRoot } = await dump(path);
    expect(backup).toMatchObject({ set: 'orders', store: 'primary', source: { kind: 'sqlite' } });
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ level: 'restored', reached: 'restored', outcome: 'passed' });
    const to = join(rooms.root, 'back', 'orders.db');
    const restored = await restoreFromStore({ backup, store, to });
    expect(restored.to).toBe(to);
    expect(rowsOf(to, 'orders')).toBe(200);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('keeps counts per table, virtual and shadow tables included, and a schema hash', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const { store } = await dump(path);
    const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
    expect(fingerprint).toMatchObject({ kind: 'database', foreignKeyViolations: 0 });
    if (fingerprint.kind !== 'database') throw new Error('no database');
    expect(fingerprint.tables).toContainEqual({ table: 'orders', rows: 200 });
    expect(fingerprint.tables).toContainEqual({ table: `odd "name'`, rows: 3 });
    expect(fingerprint.tables).toContainEqual({ table: 'notes', rows: 2 });
    expect(fingerprint.tables.some(({ table }) => table === 'notes_data')).toBe(true);
    expect(fingerprint.tables.some(({ table }) => table === 'recent')).toBe(false);
  });

  it('takes counts and copy from one snapshot while another process writes', async () => {
    const path = join(rooms.root, 'live.db');
    makeOrders(path, 20_000);
    const db = new DatabaseSync(path);
    db.exec('CREATE TABLE ledger (id INTEGER PRIMARY KEY, note TEXT)');
    db.close();
    const writer = await Writer.start(path);
    const before = rowsOf(path, 'orders');
    const dumps = [];
    for (let round = 0; round < 3; round++) dumps.push(await dump(path));
    const after = rowsOf(path, 'orders');
    const written = await writer.stop();
    expect(written).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(before);
    for (const { store, backup, scratchRoot } of dumps) {
      // Compares the restored copy's counts with those read beside the copy.
      await verifyBackup({ backup, store, scratchRoot });
      const to = join(rooms.root, `${backup.id}.db`);
      await restoreFromStore({ backup, store, to });
      expect(rowsOf(to, 'orders') - 20_000).toBe(rowsOf(to, 'ledger'));
      expect(rowsOf(to, 'orders')).toBeGreaterThanOrEqual(before);
    }
  });

  it('leaves the event loop free while it works', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 20_000);
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    await dump(path);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
  });

  it('is an error when the file is missing, and makes none', async () => {
    const path = join(rooms.root, 'nowhere.db');
    await expect(dump(path)).rejects.toMatchObject({ code: 'SOURCE_MISSING', retryable: false });
    expect(() => rowsOf(path, 'x')).toThrow();
  });

  it('is an error when it is no database, a directory, or empty', async () => {
    const text = join(rooms.root, 'text.db');
    await writeFile(
      text,
      'not a database at all, but long enough to be mistaken for one'.repeat(99),
    );
    await expect(dump(text)).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
    await mkdir(join(rooms.root, 'dir'));
    await expect(dump(join(rooms.root, 'dir'))).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
    await writeFile(join(rooms.root, 'empty.db'), '');
    await expect(dump(join(rooms.root, 'empty.db'))).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
    });
  });

  it('is an error when it cannot be read', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    await chmod(path, 0);
    await chmod(rooms.root, 0o777);
    await asNobody(async () => {
      await expect(dump(path)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
    });
  });

  it('is an error when a page is damaged, and stores nothing', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 2000);
    const db = new DatabaseSync(path);
    db.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE');
    const page = Number(
      db.prepare("SELECT rootpage AS p FROM sqlite_schema WHERE name = 'customers'").get()?.['p'],
    );
    const size = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
    db.close();
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(64, 0xee), 0, 64, (page - 1) * size + size - 64);
    await file.close();
    const store = memoryObjectStore();
    const source = sqliteSource({ name: 'orders', path });
    const made = createBackup({ source, store, storeName: 's', scratchRoot: rooms.scratchRoot });
    await expect(made).rejects.toMatchObject({ code: 'DUMP_CORRUPT_SOURCE' });
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('refuses broken foreign keys, unless the spec accepts them', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path);
    const db = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    db.exec('INSERT INTO orders (customer) VALUES (99)');
    db.close();
    await expect(dump(path)).rejects.toMatchObject({ code: 'DUMP_CORRUPT_SOURCE' });
    const { store, backup, scratchRoot } = await dump(path, { foreignKeys: 'warning' });
    expect(backup.warnings).toEqual(['1 rows break a foreign key.']);
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('stops in the middle of its reading when it is aborted', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 20_000);
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const made = createBackup({
      source: sqliteSource({ name: 'orders', path }),
      store: memoryObjectStore(),
      storeName: 's',
      scratchRoot: rooms.scratchRoot,
      signal: abort.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        children.push(child);
        abort.abort(reason);
        return child;
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(children.map(({ identity }) => isAlive(identity))).toEqual(['dead']);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });

  it('stops when it is aborted, and leaves nothing', async () => {
    const path = join(rooms.root, 'orders.db');
    makeOrders(path, 20_000);
    const store = memoryObjectStore();
    const abort = new AbortController();
    const reason = new Error('window closed');
    const made = createBackup({
      source: sqliteSource({ name: 'orders', path }),
      store,
      storeName: 's',
      scratchRoot: rooms.scratchRoot,
      signal: abort.signal,
      beforePublish: () => {
        abort.abort(reason);
        return Promise.resolve();
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(await keysOf(store)).toEqual([]);
    expect(await leftIn(rooms.scratchRoot)).toEqual([]);
  });
});
