// Runs in the worker process: imports nothing that it would have to resolve by package name.
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { TableRows } from '../../model/fingerprint.ts';
import type { Checks, Contents } from './protocol.ts';

type Row = Readonly<Record<string, unknown>>;

function rows(db: DatabaseSync, sql: string): Row[] {
  return db.prepare(sql).all();
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Hashes the schema: every object of sqlite_schema but for its root page, which VACUUM may move, and the
 * two version fields that belong to the application.
 */
function schemaHash(db: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const pragma of ['user_version', 'application_id']) {
    hash.update(`${JSON.stringify([pragma, rows(db, `PRAGMA ${pragma}`)[0]?.[pragma] ?? null])}\n`);
  }
  const objects = rows(
    db,
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
  );
  for (const { type, name, tbl_name: table, sql } of objects) {
    hash.update(`${JSON.stringify([type, name, table, sql])}\n`);
  }
  return hash.digest('hex');
}

/** `PRAGMA table_list` (SQLite 3.37) tells ordinary, virtual and shadow tables apart. */
function tablesOf(db: DatabaseSync): Row[] {
  return rows(
    db,
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' AND name <> 'sqlite_schema' ORDER BY name",
  );
}

/**
 * Reads what a database holds. Call it within a transaction: every query must see the same snapshot.
 * A virtual table may need a module that is not here; that it cannot be counted is no error, but is said.
 */
export function readContents(db: DatabaseSync): Contents {
  const tables: TableRows[] = [];
  const uncounted: string[] = [];
  for (const { name, type } of tablesOf(db)) {
    const table = String(name);
    try {
      const [row] = rows(db, `SELECT count(*) AS n FROM main.${quoted(table)}`);
      tables.push({ table, rows: Number(row?.['n']) });
    } catch (error) {
      if (type !== 'virtual') throw error;
      uncounted.push(`${table}: ${(error as Error).message}`);
    }
  }
  return { schemaSha256: schemaHash(db), tables, uncounted };
}

/** SQLITE_ERROR: what a check needs (a function, a collation, a parent's key) is not there. */
function isLack(error: unknown): boolean {
  return ((error as { readonly errcode?: number }).errcode ?? 0) % 256 === 1;
}

/**
 * Runs a check on the whole database; where that lacks something of its application, on every table by
 * itself, so that only the tables that need it go unchecked.
 *
 * @param pragma without its argument
 * @param unchecked takes the tables that could not be checked, with the reason
 */
function check(db: DatabaseSync, pragma: string, whole: string, unchecked: Set<string>): Row[] {
  try {
    return rows(db, `PRAGMA ${pragma}${whole}`);
  } catch (error) {
    if (!isLack(error)) throw error;
  }
  return tablesOf(db).flatMap(({ name }) => {
    try {
      return rows(db, `PRAGMA ${pragma}(${quoted(String(name))})`);
    } catch (error) {
      if (!isLack(error)) throw error;
      unchecked.add(`${String(name)} could not be checked: ${(error as Error).message}`);
      return [];
    }
  });
}

/** Runs SQLite's own checks. `integrity_check` reads every page; it stops after 100 findings. */
export function runChecks(db: DatabaseSync): Checks {
  const unchecked = new Set<string>();
  const integrity = check(db, 'integrity_check', '(100)', unchecked)
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok');
  const foreignKeyViolations = check(db, 'foreign_key_check', '', unchecked).length;
  return { integrity, foreignKeyViolations, unchecked: [...unchecked] };
}
