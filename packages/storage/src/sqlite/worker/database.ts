import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Durability } from '@holdfast/core';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator } from 'kysely/migration';
import { faultOf } from './fault.ts';
import { StoreFault } from '../../record/fault.ts';
import {
  MIGRATION_LOCK_TABLE,
  MIGRATION_NAMES,
  MIGRATION_TABLE,
  migrationProvider,
} from './migrations.ts';
import type { MigrationMode } from '../../sql/migration-mode.ts';
import type { Tables } from '../../sql/tables.ts';
import { Connection } from './statements.ts';
import type { Statement } from './statements.ts';

/** 'HFST': tells our files from other SQLite databases (`PRAGMA application_id`). */
const APPLICATION_ID = 0x48465354;

/**
 * How long SQLite itself waits for another process's lock, in milliseconds. Short, because the worker
 * does nothing else meanwhile; longer waits are the write queue's.
 */
const LOCK_WAIT = 20;

/**
 * So many pages of 4 KiB of the write-ahead log are moved into the database at once. A page that is written again and
 * again is moved once; four times SQLite's own measure halves what is moved for a task.
 */
const LOG_PAGES = 4000;

/** Above this size the write-ahead log is cut back after a checkpoint. In bytes. */
const LOG_LIMIT = 64 * 1024 * 1024;

const NONE: readonly unknown[] = [];

/** An open database file that carries our tables. */
export class Database {
  readonly path: string;
  readonly connection: Connection;
  readonly query: Kysely<Tables>;
  readonly #version: Statement;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #changes: Statement;
  #durability: Durability | undefined;

  constructor(path: string, connection: Connection) {
    this.path = path;
    this.connection = connection;
    this.#version = connection.prepare('pragma user_version');
    this.#begin = connection.prepare('begin immediate');
    this.#commit = connection.prepare('commit');
    this.#changes = connection.prepare('pragma data_version');
    this.query = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connection }) });
  }

  /**
   * Runs `work` in one write transaction. It is synchronous, so that nothing else comes between. If
   * anything throws, nothing is kept.
   */
  transaction<T>(durability: Durability, work: () => T): T {
    this.#setDurability(durability);
    this.#begin.run(NONE);
    try {
      refuseNewer(this.path, (this.#version.get() as { user_version: number }).user_version);
      const result = work();
      this.#commit.run(NONE);
      return result;
    } catch (error) {
      this.rollback();
      throw error;
    }
  }

  /** Another number after every commit of another connection. https://sqlite.org/pragma.html#pragma_data_version */
  get changes(): number {
    return (this.#changes.get() as { data_version: number }).data_version;
  }

  /** Ends a transaction that failed. SQLite has already done so after some errors. */
  rollback(): void {
    if (this.connection.inTransaction) this.connection.exec('rollback');
  }

  close(): void {
    this.connection.close();
  }

  /**
   * In WAL mode, FULL makes each commit wait for fsync of the log; NORMAL leaves the log to the
   * operating system: it survives this process, not the machine.
   * https://sqlite.org/pragma.html#pragma_synchronous
   */
  #setDurability(durability: Durability): void {
    if (durability === this.#durability) return;
    this.connection.exec(`pragma synchronous = ${durability === 'machine' ? 'full' : 'normal'}`);
    this.#durability = durability;
  }
}

function firstValue(row: unknown): unknown {
  return Object.values(row as object)[0];
}

/** Opens the file, and as the mode says makes it if it is missing, and brings its tables up to date. */
export async function openDatabase(path: string, mode: MigrationMode = 'auto'): Promise<Database> {
  if (mode !== 'auto' && !existsSync(path)) throw outdated(path, 'is not there');
  const connection = new Connection(new DatabaseSync(path));
  try {
    connection.exec(`pragma busy_timeout = ${LOCK_WAIT}`);
    const applied = inspectAtOnce(connection, path);
    if (mode !== 'auto' && applied < MIGRATION_NAMES.length) {
      throw outdated(
        path,
        `has version ${applied}, and this software needs ${MIGRATION_NAMES.length}`,
      );
    }
    useLog(connection, path);
    connection.exec(
      `pragma synchronous = full; pragma journal_size_limit = ${LOG_LIMIT}; pragma wal_autocheckpoint = ${LOG_PAGES}`,
    );
    const database = new Database(path, connection);
    if (mode !== 'off') await migrate(database, applied);
    return database;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Looks at the file in one read transaction: another process may be making its tables. */
function inspectAtOnce(connection: Connection, path: string): number {
  connection.exec('begin');
  try {
    return inspect(connection, path);
  } finally {
    if (connection.inTransaction) connection.exec('rollback');
  }
}

/**
 * Looks at the file without changing it, within a transaction: what is read belongs together. Gives the number of
 * migrations it has had.
 */
function inspect(connection: Connection, path: string): number {
  const applicationId = connection.pragma('application_id');
  const tables = connection.prepare('select name from sqlite_schema').all([]);
  if (applicationId !== APPLICATION_ID && (applicationId !== 0 || tables.length > 0)) {
    throw new StoreFault({
      code: 'STORE_FOREIGN',
      message: `${path} is a SQLite database, but not a run store`,
      hint: 'Name a file of its own for the run store; this one was left as it is.',
      retryable: false,
      context: { path },
    });
  }
  const version = Number(connection.pragma('user_version'));
  refuseNewer(path, version);
  if (tables.length > 0) refuseUnknown(connection, path);
  return version;
}

function refuseNewer(path: string, version: number): void {
  if (version > MIGRATION_NAMES.length) throw newer(path, `version ${version}`);
}

function refuseUnknown(connection: Connection, path: string): void {
  const rows = connection.prepare(`select name from ${MIGRATION_TABLE} order by name`).all([]);
  const unknown = rows.map(firstValue).filter((name) => !MIGRATION_NAMES.includes(String(name)));
  if (unknown.length > 0) throw newer(path, `migration ${unknown.join(', ')}`);
}

function newer(path: string, found: string): StoreFault {
  const known = `version ${MIGRATION_NAMES.length} (${MIGRATION_NAMES.at(-1)})`;
  return new StoreFault({
    code: 'STORE_NEWER',
    message: `The run store ${path} was written by newer software: it has ${found}, this software knows up to ${known}`,
    hint: 'Update @holdfast/storage here, or name another file. Nothing was changed.',
    retryable: false,
    context: { path, found, known },
  });
}

function outdated(path: string, found: string): StoreFault {
  return new StoreFault({
    code: 'STORE_OUTDATED',
    message: `The run store ${path} ${found}`,
    hint: "Open it once with migrate: 'auto'. Nothing was changed.",
    retryable: false,
    context: { path },
  });
}

function useLog(connection: Connection, path: string): void {
  const mode = connection.pragma('journal_mode = wal');
  if (mode === 'wal') return;
  throw new StoreFault({
    code: 'STORE_UNAVAILABLE',
    message: `The run store ${path} cannot use a write-ahead log (journal mode ${String(mode)})`,
    hint: 'Put the file on a local disk: network file systems lack the shared memory that the log needs.',
    retryable: true,
    context: { path },
  });
}

/**
 * The write lock is taken even when there is nothing to do: it proves that the file can be written.
 * Kysely's Migrator opens no transaction of its own on SQLite, so ours spans all of it, and of several
 * processes that start at once one migrates and the others find it done.
 */
async function migrate(database: Database, seen: number): Promise<void> {
  const { connection, path, query } = database;
  connection.exec('begin immediate');
  try {
    const before = seen < MIGRATION_NAMES.length ? inspect(connection, path) : seen;
    if (before < MIGRATION_NAMES.length) {
      const { error } = await new Migrator({
        db: query,
        provider: migrationProvider,
        migrationTableName: MIGRATION_TABLE,
        migrationLockTableName: MIGRATION_LOCK_TABLE,
      }).migrateToLatest();
      if (error !== undefined) throw migrationFailed(error, path);
      connection.exec(
        `pragma application_id = ${APPLICATION_ID}; pragma user_version = ${MIGRATION_NAMES.length}`,
      );
    }
    connection.exec('commit');
  } catch (error) {
    database.rollback();
    throw error;
  }
}

function migrationFailed(error: unknown, path: string): unknown {
  const fault = faultOf(error, path);
  return fault.code === 'STORE_FAILED' ? new StoreFault(fault) : error;
}
