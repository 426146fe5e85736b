import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Place } from './place.ts';

const CUSTOMERS = 20_000;
const ORDERS = 120_000;
const FOLDERS = 60;
const FILES_PER_FOLDER = 50;

const WORDS = 'amber basalt cedar delta ember fjord garnet harbour indigo juniper'.split(' ');

/** A text that no compressor finds trivial, the same on every run. */
function prose(seed: number, words: number): string {
  const out: string[] = [];
  let state = seed + 1;
  for (let n = 0; n < words; n++) {
    state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647;
    out.push(`${WORDS[state % WORDS.length] ?? ''}${(state >>> 8) % 1000}`);
  }
  return out.join(' ');
}

function fillDatabase(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL);
    CREATE TABLE orders (
      id INTEGER PRIMARY KEY,
      customer INTEGER NOT NULL REFERENCES customers (id),
      placed_at INTEGER NOT NULL,
      note TEXT NOT NULL
    );
    CREATE INDEX orders_by_customer ON orders (customer);
    BEGIN;
  `);
  const customer = db.prepare('INSERT INTO customers (name, email) VALUES (?, ?)');
  for (let n = 1; n <= CUSTOMERS; n++) customer.run(prose(n, 2), `customer${n}@shop.example`);
  const order = db.prepare('INSERT INTO orders (customer, placed_at, note) VALUES (?, ?, ?)');
  for (let n = 0; n < ORDERS; n++) {
    order.run((n % CUSTOMERS) + 1, 1_760_000_000_000 + n * 1000, prose(n, 24));
  }
  db.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE);');
  db.close();
}

async function fillFolder(root: string, folder: number): Promise<void> {
  const directory = join(root, `project ${folder}`);
  await mkdir(directory, { recursive: true });
  for (let n = 0; n < FILES_PER_FOLDER; n++) {
    const words = 20 + ((folder * FILES_PER_FOLDER + n) % 400);
    await writeFile(join(directory, `note ${n}.txt`), prose(folder * 1000 + n, words));
  }
}

/**
 * Makes the data that is backed up, unless it is there: a database of tens of MB and a tree of some thousand
 * files. Each appears under its name only when it is whole.
 */
export async function makeData(place: Place): Promise<{ made: boolean }> {
  await mkdir(place.root, { recursive: true });
  const made = !existsSync(place.database) || !existsSync(place.files);
  if (!existsSync(place.database)) {
    const beside = `${place.database}.new-${process.pid}`;
    fillDatabase(beside);
    await rename(beside, place.database);
  }
  if (!existsSync(place.files)) {
    const beside = `${place.files}.new-${process.pid}`;
    for (let folder = 1; folder <= FOLDERS; folder++) await fillFolder(beside, folder);
    await rename(beside, place.files);
  }
  return { made };
}
