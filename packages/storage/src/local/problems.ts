import { constants } from 'node:os';
import { ObjectStoreError } from '@holdfast/core';
import type { ObjectStoreProblem } from '@holdfast/core';

/**
 * What the errors of the operating system mean, see errno(3). Others may pass, ENOENT among them: that an
 * object is not there is found out before; later it means that something was taken away in between.
 */
const PROBLEMS: { readonly [errno: string]: ObjectStoreProblem } = {
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'invalid',
  EILSEQ: 'invalid',
  EINVAL: 'invalid',
  EISDIR: 'invalid',
  ELOOP: 'invalid',
  ENAMETOOLONG: 'invalid',
  ENOTDIR: 'invalid',
  ENOTEMPTY: 'invalid',
  EXDEV: 'invalid',
};

const HINTS: { readonly [errno: string]: string } = {
  EFBIG: 'The file system takes no file of this size; use another one, or smaller artifacts.',
  EILSEQ: 'The file system does not take this name; use another key or another file system.',
  EINVAL: 'The file system does not take this name; use another key or another file system.',
  ELOOP: 'The store follows no symbolic links; put a directory there.',
  EMFILE: 'The process has too many files open; raise its limit, or do less at once.',
  ENAMETOOLONG: 'The file system does not take a name of this length; use a shorter key.',
  EROFS:
    'The file system is mounted read-only; after an error it may have become so. Check the disk.',
  EXDEV: 'Another file system is mounted below the store; give it a store of its own.',
};

/** libuv has no name for some errors, EDQUOT and ESTALE among them: only their number comes through. */
const NAMES = new Map(Object.entries(constants.errno).map(([name, number]) => [-number, name]));

/** The errno of a failed system call ('ENOENT'); undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (code === undefined || !code.startsWith('Unknown system error')) return code;
  return NAMES.get(errno ?? 0) ?? code;
}

/** Whether a path, or a directory on the way to it, is not there. */
export function isAbsence(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOENT' || errno === 'ENOTDIR';
}

/**
 * What a failed system call means; any other error passes as it is.
 *
 * @param what what was being done to what, to follow 'Cannot'
 */
export function asStoreError(error: unknown, what: string): unknown {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  const hint = HINTS[errno];
  return new ObjectStoreError(
    PROBLEMS[errno] ?? 'unavailable',
    `Cannot ${what} (${errno}): ${(error as Error).message}.`,
    { cause: error, context: { errno }, ...(hint === undefined ? {} : { hint }) },
  );
}

/** Waits for a system call; its failure says what was being done. */
export async function attempt<T>(what: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw asStoreError(error, what);
  }
}
