import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

/** Makes an orders database in WAL mode. */
export function makeOrders(path: string, rows = 200): void {
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA user_version = 7;
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), note TEXT);
    CREATE TABLE "odd ""name'" (x);
    CREATE VIEW recent AS SELECT * FROM orders;
    CREATE VIRTUAL TABLE notes USING fts5(body);
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace');
    INSERT INTO "odd ""name'" VALUES (1), (2), (3);
    INSERT INTO notes VALUES ('first'), ('second');
  `);
  const insert = db.prepare('INSERT INTO orders (customer, note) VALUES (?, ?)');
  db.exec('BEGIN');
  for (let row = 0; row < rows; row++) insert.run((row % 2) + 1, `note ${row} ${'x'.repeat(80)}`);
  db.exec('COMMIT');
  db.close();
}

/** How many rows a table of a database file has. */
export function rowsOf(path: string, table: string): number {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(db.prepare(`SELECT count(*) AS n FROM "${table}"`).get()?.['n']);
  } finally {
    db.close();
  }
}

/** A process of its own that writes to the database until it is stopped. */
export class Writer {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(path: string): Promise<Writer> {
    const child = fork(fileURLToPath(new URL('./writer.mjs', import.meta.url)), [path]);
    await once(child, 'message');
    return new Writer(child);
  }

  /** Stops it; gives the number of transactions that it committed. */
  async stop(): Promise<number> {
    this.#child.send('stop');
    const [written] = (await once(this.#child, 'message')) as [number];
    await once(this.#child, 'exit');
    return written;
  }
}
