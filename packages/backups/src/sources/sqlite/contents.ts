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

/**
 * Reads what a database holds. Call it within a transaction: every query must see the same snapshot.
 * `PRAGMA table_list` (SQLite 3.37) tells ordinary, virtual and shadow tables apart. A virtual table may
 * need a module that is not here; that it cannot be counted is no error, but is said.
 */
export function readContents(db: DatabaseSync): Contents {
  const tables: TableRows[] = [];
  const uncounted: string[] = [];
  const listed = rows(
    db,
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view' AND name <> 'sqlite_schema' ORDER BY name",
  );
  for (const { name, type } of listed) {
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

/** Runs SQLite's own checks. `integrity_check` reads every page; it stops after 100 findings. */
export function runChecks(db: DatabaseSync): Checks {
  const integrity = rows(db, 'PRAGMA integrity_check(100)')
    .map((row) => String(row['integrity_check']))
    .filter((line) => line !== 'ok');
  return { integrity, foreignKeyViolations: rows(db, 'PRAGMA foreign_key_check').length };
}
