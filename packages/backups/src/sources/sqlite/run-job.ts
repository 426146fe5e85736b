import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { HoldfastError } from '@holdfast/core';
import type {
  SqliteFailure,
  SqliteJob,
  SqliteReply,
  SqliteReport,
  WorkerOrders,
} from './protocol.ts';

/** The thread's file: `.ts` beside this source, `.js` beside what was built from it. */
const THREAD = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const PERM = 3;
const BUSY = 5;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const AUTH = 23;
const NOTADB = 26;

const BY_RESULT: { readonly [result: number]: readonly [code: string, hint: string] } = {
  [PERM]: [
    'SOURCE_UNREADABLE',
    'Give this process the right to read the database and its directory.',
  ],
  [BUSY]: ['SOURCE_BUSY', 'Another process holds a lock on the database; try again later.'],
  [READONLY]: [
    'SOURCE_UNREADABLE',
    'A transaction was cut off and must be rolled back first: open the database once with the right to write.',
  ],
  [CORRUPT]: ['DUMP_CORRUPT_SOURCE', 'The database is damaged. Restore it from an earlier backup.'],
  [FULL]: ['SCRATCH_TOO_SMALL', 'Make room in the scratch directory, or name another.'],
  [CANTOPEN]: [
    'SOURCE_UNREADABLE',
    'In WAL mode the directory must be writable too, unless the -shm file is there.',
  ],
  [AUTH]: ['SOURCE_UNREADABLE', 'Give this process the right to read the database.'],
  [NOTADB]: ['SOURCE_INVALID', 'The file is no SQLite database, or it is encrypted.'],
};

function failed(path: string, failure: SqliteFailure): HoldfastError {
  const [code, hint] = BY_RESULT[(failure.errcode ?? 0) & 0xff] ?? [
    'DUMP_FAILED',
    'See what SQLite said.',
  ];
  return new HoldfastError(code, `The database ${path}: ${failure.message} (${failure.stage}).`, {
    hint,
    retryable: code === 'SOURCE_BUSY' || code === 'DUMP_FAILED' || code === 'SCRATCH_TOO_SMALL',
    context: { path, stage: failure.stage, errcode: failure.errcode ?? null },
  });
}

/**
 * Does a job in a thread of its own. When the signal aborts, the thread stops at the next table or the
 * next step of the copy, and is waited for: SQLite cannot be cut off in the middle of a query.
 *
 * @throws the signal's reason, or an error by SQLite's result code
 */
export async function runSqliteJob(job: SqliteJob, signal: AbortSignal): Promise<SqliteReport> {
  signal.throwIfAborted();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const orders: WorkerOrders = { job, stop };
  const onAbort = (): void => {
    Atomics.store(stop, 0, 1);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const reply = await replyOf(new Worker(THREAD, { workerData: orders }));
    signal.throwIfAborted();
    if (!reply.ok) throw failed(job.path, reply.failure);
    return reply.report;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The thread's reply, once the thread has ended: nothing of it is left then, no open file either. */
function replyOf(worker: Worker): Promise<SqliteReply> {
  return new Promise((resolve, reject) => {
    let reply: SqliteReply | undefined;
    worker.once('message', (message: SqliteReply) => {
      reply = message;
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      if (reply !== undefined) resolve(reply);
      else
        reject(
          new HoldfastError('DUMP_FAILED', `The SQLite thread ended with ${code} and no reply.`),
        );
    });
  });
}
