// A worker thread: node:sqlite is synchronous, and the host's event loop must stay free.
import { backup, DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { readContents, runChecks } from './contents.ts';
import type { SqliteFailure, SqliteReply, SqliteReport, WorkerOrders } from './protocol.ts';

/** Pages copied between two looks at whether to go on. */
const PAGES_PER_STEP = 2000;
/** How long to wait for a lock of another process, in milliseconds. */
const BUSY_TIMEOUT = 30_000;

let stage: SqliteFailure['stage'] = 'open';
const { job, stop } = workerData as WorkerOrders;

function goOn(): void {
  if (Atomics.load(stop, 0) !== 0) throw new Error('given up');
}

function open(path: string): DatabaseSync {
  return new DatabaseSync(path, {
    readOnly: true,
    timeout: BUSY_TIMEOUT,
    enableForeignKeyConstraints: false,
  });
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
    return { ...readContents(db, goOn), ...checks, sqlite: version(db) };
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
    const contents = readContents(db, goOn);
    stage = 'copy';
    await backup(db, copy, { rate: PAGES_PER_STEP, progress: goOn });
    db.exec('ROLLBACK');
    const { integrity, foreignKeyViolations } = inspect(copy);
    return { ...contents, integrity, foreignKeyViolations, sqlite: version(db) };
  } finally {
    db.close();
  }
}

async function perform(): Promise<SqliteReply> {
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

void perform().then((reply) => parentPort?.postMessage(reply));
