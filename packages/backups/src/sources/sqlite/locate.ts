import { realpath, stat } from 'node:fs/promises';
import { HoldfastError } from '@holdfast/core';

function refuse(
  code: string,
  path: string,
  why: string,
  hint: string,
  cause?: unknown,
): HoldfastError {
  return new HoldfastError(code, `The database ${path} ${why}.`, {
    hint,
    retryable: false,
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** An error of a file system, by its code, as one of a source. */
function unreachable(path: string, error: unknown): HoldfastError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return refuse('SOURCE_MISSING', path, 'is not there', 'Check the path.', error);
  }
  const hint = 'Give this process the right to read the file and its directory.';
  return refuse('SOURCE_UNREADABLE', path, `cannot be read (${code})`, hint, error);
}

/**
 * Makes sure that there is a file with something in it before SQLite opens it: to SQLite a missing or
 * empty file is a new database. The file is looked at and never opened: see `runSqliteJob`.
 *
 * @returns the size of the main file and of its write-ahead log, in bytes
 * @throws `SOURCE_MISSING`, `SOURCE_UNREADABLE`, `SOURCE_INVALID`
 */
export async function locateDatabase(path: string): Promise<number> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreachable(path, error);
  });
  const hint = 'Name the main file of a SQLite database.';
  if (!found.isFile()) throw refuse('SOURCE_INVALID', path, 'is no file', hint);
  if (found.size === 0) throw refuse('SOURCE_INVALID', path, 'is empty: no database yet', hint);
  // SQLite keeps the log beside the file itself, not beside a symlink to it.
  const log = await stat(`${await realpath(path)}-wal`).catch(() => undefined);
  return found.size + (log?.size ?? 0);
}
