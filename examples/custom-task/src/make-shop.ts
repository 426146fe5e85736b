import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const ORDERS = 1000;
const MINUTE = 60_000;

/** Makes a database with one order a minute, the last of them now; leaves one that is there as it is. */
export function makeShop(path: string, now: number): void {
  if (existsSync(path)) return;
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; BEGIN');
  db.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, placed_at INTEGER NOT NULL)');
  const order = db.prepare('INSERT INTO orders (placed_at) VALUES (?)');
  for (let n = ORDERS - 1; n >= 0; n--) order.run(now - n * MINUTE);
  db.exec('COMMIT');
  db.close();
}
