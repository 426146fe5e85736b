import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Fault } from '../../record/fault.ts';
import { StoreFault } from '../../record/fault.ts';

/** SQLite's primary result codes that we tell apart: https://sqlite.org/rescode.html */
const ERROR = 1;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

interface SqliteError extends Error {
  readonly errcode: number;
  readonly errstr: string;
}

function isSqliteError(error: unknown): error is SqliteError {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
}

/** The low byte is the primary code; the rest tells variants of it apart. */
function primaryCode(error: SqliteError): number {
  return error.errcode & 0xff;
}

/** Whether somebody else held the database at that moment. */
export function isBusy(error: unknown): boolean {
  return isSqliteError(error) && [BUSY, LOCKED].includes(primaryCode(error));
}

interface Explanation {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly retryable: boolean;
}

const EXPLANATIONS: ReadonlyMap<number, Explanation> = new Map([
  [
    ERROR,
    {
      code: 'STORE_CORRUPT',
      what: 'does not hold the tables of a run store',
      hint: 'Something changed its tables: see the cause. Stop every process that uses it, keep a copy, and restore the file.',
      retryable: false,
    },
  ],
  [
    BUSY,
    {
      code: 'STORE_UNAVAILABLE',
      what: 'is held by another process that is writing to it',
      hint: 'Try again; if it lasts, look for a process that keeps a transaction open on this file.',
      retryable: true,
    },
  ],
  [
    READONLY,
    {
      code: 'STORE_READ_ONLY',
      what: 'cannot be written',
      hint: 'Give this process the right to write the file and its directory, on a file system mounted for writing.',
      retryable: false,
    },
  ],
  [
    CORRUPT,
    {
      code: 'STORE_CORRUPT',
      what: 'is damaged',
      hint: 'Stop every process that uses it, keep a copy, and restore the file, or try `sqlite3 <file> .recover`.',
      retryable: false,
    },
  ],
  [
    FULL,
    {
      code: 'STORE_UNAVAILABLE',
      what: 'cannot grow: the disk is full',
      hint: 'Free space on its file system. Nothing of this write was kept; what was kept before is intact.',
      retryable: true,
    },
  ],
  [
    CANTOPEN,
    {
      code: 'STORE_UNAVAILABLE',
      what: 'cannot be opened',
      hint: 'See that its directory exists, is mounted, and can be read and written by this process.',
      retryable: true,
    },
  ],
  [
    CONSTRAINT,
    {
      code: 'STORE_FAILED',
      what: 'refused a row',
      hint: 'This is a defect of the SQLite run store: please report it with its cause. Nothing of this write was kept.',
      retryable: false,
    },
  ],
  [
    NOTADB,
    {
      code: 'STORE_NOT_A_DATABASE',
      what: 'is not a SQLite database',
      hint: 'Name another file for the run store; this one was left as it is.',
      retryable: false,
    },
  ],
]);

const OTHER: Explanation = {
  code: 'STORE_UNAVAILABLE',
  what: 'could not be read or written',
  hint: 'Look at the cause and at the health of the disk; nothing of this write was kept.',
  retryable: true,
};

/** What to tell the host about a failure on the database at `path`. */
export function faultOf(error: unknown, path: string): Fault {
  if (error instanceof StoreFault) return error.fault;
  if (!isSqliteError(error)) return unexpected(error);
  const { code, what, hint, retryable } = EXPLANATIONS.get(reasonOf(error, path)) ?? OTHER;
  return {
    code,
    message: `The run store ${path} ${what}`,
    hint,
    retryable,
    context: { path, sqliteCode: error.errcode },
    cause: `${error.errstr}: ${error.message}`,
  };
}

/** Where nothing may be written, SQLite often only says that it cannot open the file or its log. */
function reasonOf(error: SqliteError, path: string): number {
  const primary = primaryCode(error);
  if (primary === LOCKED) return BUSY;
  if (primary !== CANTOPEN) return primary;
  const readable = allows(path, constants.R_OK) && !statSync(path).isDirectory();
  const writable = allows(path, constants.W_OK) && allows(dirname(path), constants.W_OK);
  return readable && !writable ? READONLY : CANTOPEN;
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** What SQLite found wrong with the file as a whole, in its words. */
export function damagedFile(path: string, found: string): Fault {
  const { code, what, hint, retryable } = EXPLANATIONS.get(CORRUPT) ?? OTHER;
  return {
    code,
    message: `The run store ${path} ${what}`,
    hint,
    retryable,
    context: { path },
    cause: found,
  };
}

/** A failure that is no answer of the database: a defect of this adapter. */
function unexpected(error: unknown): Fault {
  return {
    code: 'STORE_FAILED',
    message: `The run store failed: ${error instanceof Error ? error.message : String(error)}`,
    hint: 'This is a defect of the SQLite run store: please report it with its cause.',
    retryable: false,
    ...(error instanceof Error && error.stack !== undefined ? { cause: error.stack } : {}),
  };
}
