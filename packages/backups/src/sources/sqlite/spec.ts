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

/** How a SQLite database is described. */
export interface SqliteOptions {
  /** Names the backup set and the artifacts. */
  readonly name: string;
  /** The main file; relative to the working directory of this call. */
  readonly path: string;
  /**
   * What rows that break a foreign key are. Default 'error'; 'warning' for databases that are known to hold some: SQLite
   * does not enforce foreign keys unless told to.
   */
  readonly foreignKeys?: 'error' | 'warning';
}

/**
 * Describes a SQLite database. It may be live, in WAL mode, and written to by other processes: the dump
 * is one snapshot of it. Writers are not held up in WAL mode; in the older journal modes they wait at
 * their commit while the copy is made.
 *
 * @throws `BACKUP_NAME_INVALID`
 */
export function sqliteSource(options: SqliteOptions): SqliteSpec {
  return {
    kind: 'sqlite',
    name: checkName('source', options.name),
    path: resolve(options.path),
    foreignKeys: options.foreignKeys ?? 'error',
  };
}
