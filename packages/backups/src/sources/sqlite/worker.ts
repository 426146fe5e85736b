// A process of its own: see runSqliteJob.
import { closeSync, existsSync, openSync, readSync, realpathSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { readContents, runChecks } from './contents.ts';
import type { SqliteFailure, SqliteJob, SqliteReply, SqliteReport } from './protocol.ts';

/** Pages copied in one step. */
const PAGES_PER_STEP = 2000;
/** How long to wait for a lock of another process, in milliseconds. */
const BUSY_TIMEOUT = 30_000;

let stage: SqliteFailure['stage'] = 'open';

/**
 * Whether a file is a database in WAL mode: byte 18 of its header (https://sqlite.org/fileformat.html,
 * 1.3.3). Of one that cannot be read SQLite will tell why.
 */
function keepsLog(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    const header = Buffer.alloc(20);
    readSync(file, header, 0, header.length, 0);
    closeSync(file);
    return header[18] === 2;
  } catch {
    return false;
  }
}

/**
 * Opens a database for reading. To read one in WAL mode SQLite needs its `-wal` and `-shm`, and makes
 * them if need be; only a connection that may write takes them away again when it is the last. Left
 * behind, they could belong to a user whose files the application may not write. Where they are there
 * already they stay, and nothing is written.
 */
function open(path: string): DatabaseSync {
  const file = realpathSync(path);
  const cleansUp = keepsLog(file) && !existsSync(`${file}-wal`);
  const url = pathToFileURL(file);
  url.searchParams.set('mode', cleansUp ? 'rw' : 'ro');
  const db = new DatabaseSync(url, {
    readOnly: !cleansUp,
    timeout: BUSY_TIMEOUT,
    enableForeignKeyConstraints: false,
  });
  db.exec('PRAGMA query_only = ON');
  return db;
}

function version(db: DatabaseSync): string {
  return String(db.prepare('SELECT sqlite_version() AS v').get()?.['v']);
}

function inspect(path: string): SqliteReport {
  const db = open(path);
  try {
    stage = 'check';
    const checks = runChecks(db);
    stage = 'read';
    return { ...readContents(db), ...checks, sqlite: version(db) };
  } finally {
    db.close();
  }
}

/**
 * Counts and copy are one snapshot: the transaction's first read fixes it, and sqlite3_backup_step uses
 * the source connection's own read transaction when one is open, instead of beginning another
 * (https://sqlite.org/c3ref/backup_finish.html, "Concurrent Usage of Database Handles").
 */
async function snapshot(path: string, copy: string): Promise<SqliteReport> {
  const db = open(path);
  try {
    stage = 'read';
    db.exec('BEGIN');
    const contents = readContents(db);
    stage = 'copy';
    await backup(db, copy, { rate: PAGES_PER_STEP });
    db.exec('ROLLBACK');
    const { integrity, foreignKeyViolations, unchecked } = inspect(copy);
    return { ...contents, integrity, foreignKeyViolations, unchecked, sqlite: version(db) };
  } finally {
    db.close();
  }
}

async function perform(job: SqliteJob): Promise<SqliteReply> {
  try {
    const report = job.task === 'inspect' ? inspect(job.path) : await snapshot(job.path, job.copy);
    return { ok: true, report };
  } catch (error) {
    const { message, errcode } = error as Error & { readonly errcode?: number };
    return {
      ok: false,
      failure: { message, stage, ...(errcode === undefined ? {} : { errcode }) },
    };
  }
}

const reply = await perform(JSON.parse(process.argv[2] ?? '') as SqliteJob);
process.stdout.write(JSON.stringify(reply));
