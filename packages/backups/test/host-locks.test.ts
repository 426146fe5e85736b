import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, sqliteSource } from '@holdfast/backups';
import { makeOrders } from './support/databases.ts';
import { testRooms } from './support/rooms.ts';

const rooms = testRooms();

/** What another process sees, that opens a database and closes it again. */
function inAnotherProcess(path: string, sql: string): string {
  return execFileSync('sqlite3', ['-batch', path, sql], { encoding: 'utf8' }).trim();
}

// Closing any descriptor of a file drops all locks that the process has on it (fcntl(2)). Another process
// would then take itself for the last one, and delete the write-ahead log that the host goes on writing to.
it('leaves a database its locks that the host itself has open', async () => {
  const path = join(rooms.root, 'orders.db');
  makeOrders(path);
  const host = new DatabaseSync(path);
  try {
    host.exec('INSERT INTO orders (customer) VALUES (1)');
    const source = sqliteSource({ name: 'orders', path });
    const { scratchRoot } = rooms;
    await createBackup({ source, store: memoryObjectStore(), storeName: 'primary', scratchRoot });
    inAnotherProcess(path, 'INSERT INTO orders (customer) VALUES (1)');
    host.exec('INSERT INTO orders (customer) VALUES (1)');
    expect(inAnotherProcess(path, 'SELECT count(*) FROM orders')).toBe('203');
  } finally {
    host.close();
  }
});
