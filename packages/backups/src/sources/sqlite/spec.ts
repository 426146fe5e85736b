import { resolve } from 'node:path';
import { checkName } from '../../model/names.ts';

/** A SQLite database file. */
export interface SqliteSpec {
  readonly kind: 'sqlite';
  readonly name: string;
  /** Absolute path of the database's main file. */
  readonly path: string;
  /** What rows that break a foreign key are: an error that fails the dump, or a warning. */
  readonly foreignKeys: 'error' | 'warning';
}

/**
 * Describes a SQLite database. It may be live, in WAL mode, and written to by other processes: the dump
 * is one snapshot of it. Writers are not held up in WAL mode; in the older journal modes they wait at
 * their commit while the copy is made.
 *
 * @param options.name names the backup set and the artifacts
 * @param options.path the main file; relative to the working directory of this call
 * @param options.foreignKeys default 'error'; 'warning' for databases that are known to hold rows which
 *   break a foreign key (SQLite does not enforce them unless told to)
 * @throws `BACKUP_NAME_INVALID`
 */
export function sqliteSource(options: {
  readonly name: string;
  readonly path: string;
  readonly foreignKeys?: 'error' | 'warning';
}): SqliteSpec {
  return {
    kind: 'sqlite',
    name: checkName('source', options.name),
    path: resolve(options.path),
    foreignKeys: options.foreignKeys ?? 'error',
  };
}
