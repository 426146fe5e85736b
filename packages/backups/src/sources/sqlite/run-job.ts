import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HoldfastError } from '@holdfast/core';
import type { Workroom } from '../workroom.ts';
import type { SqliteFailure, SqliteJob, SqliteReply, SqliteReport } from './protocol.ts';

/** The process's program: `.ts` beside this source, `.js` beside what was built from it. */
const WORKER = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

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
 * Does a job in a process of its own. POSIX drops every lock that a process has on a file as soon as it
 * closes any descriptor of that file (https://sqlite.org/howtocorrupt.html, 2.2): were the database opened
 * here, a connection that the host has to it through another copy of SQLite would go on without locks,
 * and lose what it writes. A process can also be ended in the middle of a query, and its crash is not ours.
 *
 * @throws the signal's reason, or an error by SQLite's result code
 */
export async function runSqliteJob(job: SqliteJob, room: Workroom): Promise<SqliteReport> {
  const child = await room.startChild(process.execPath, {
    args: ['--disable-warning=ExperimentalWarning', fileURLToPath(WORKER), JSON.stringify(job)],
    signal: room.signal,
  });
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
    await child.done;
    const reply = JSON.parse(Buffer.concat(chunks).toString('utf8')) as SqliteReply;
    if (!reply.ok) throw failed(job.path, reply.failure);
    return reply.report;
  } finally {
    // Its output breaks off before it is dead; it must not write to a scratch that is being removed.
    await child.kill();
  }
}
