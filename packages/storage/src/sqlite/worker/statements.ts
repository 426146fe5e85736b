import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Compilable, SqliteDatabase, SqliteStatement } from 'kysely';

/** What node:sqlite binds as it stands. */
export type Bindable = string | number | bigint | Uint8Array | null;

/**
 * node:sqlite takes an object as first parameter for a list of named ones: with a `Date` there, the
 * statement silently runs on nulls. So whatever is not a plain value is refused.
 */
export function bindable(values: readonly unknown[]): Bindable[] {
  for (const value of values) {
    const type = typeof value;
    if (type === 'string' || type === 'number' || type === 'bigint' || value === null) continue;
    if (value instanceof Uint8Array) continue;
    throw new TypeError(`A ${type} cannot be bound to a statement`);
  }
  return values as Bindable[];
}

/** One prepared statement. */
export class Statement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;
  readonly #expected: number | undefined;

  /** @param expected how many values each run must bind: SQLite takes those left out for nulls */
  constructor(statement: StatementSync, expected?: number) {
    this.#statement = statement;
    this.#expected = expected;
    this.reader = statement.columns().length > 0;
  }

  all(parameters: readonly unknown[]): unknown[] {
    return this.#statement.all(...this.#checked(parameters));
  }

  get(...parameters: Bindable[]): unknown {
    return this.#statement.get(...this.#checked(parameters));
  }

  run(parameters: readonly unknown[]): { changes: number; lastInsertRowid: number } {
    const { changes, lastInsertRowid } = this.#statement.run(...this.#checked(parameters));
    return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.#statement.iterate(...this.#checked(parameters));
  }

  #checked(parameters: readonly unknown[]): Bindable[] {
    if (this.#expected !== undefined && this.#expected !== parameters.length) {
      throw new TypeError(`${parameters.length} values for ${this.#expected} parameters`);
    }
    return bindable(parameters);
  }
}

/** Texts kept prepared; those of ad-hoc lists vary, so that the oldest make room. */
const KEPT = 200;

/** A connection that prepares each text once. It is what Kysely's SQLite dialect asks for. */
export class Connection implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = new Statement(this.#database.prepare(sql));
    for (const oldest of this.#prepared.keys()) {
      if (this.#prepared.size < KEPT) break;
      this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, statement);
    return statement;
  }

  /** Prepares a query that was compiled with placeholders, to be run with as many values. */
  prepareCompiled(query: Compilable): Statement {
    const { sql, parameters } = query.compile();
    return new Statement(this.#database.prepare(sql), parameters.length);
  }

  /** Runs texts that give no rows. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** The one value that a pragma gives. */
  pragma(name: string): unknown {
    const row = this.#database.prepare(`pragma ${name}`).get();
    return row === undefined ? undefined : Object.values(row)[0];
  }

  get inTransaction(): boolean {
    return this.#database.isTransaction;
  }

  close(): void {
    this.#database.close();
  }
}
