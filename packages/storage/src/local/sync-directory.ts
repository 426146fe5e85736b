import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { attempt, errnoOf } from './problems.ts';

/** A directory that cannot be synced there: some network and FUSE file systems, see fsync(2). */
const NOT_OFFERED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);
/** Windows opens no directory. */
const NOT_OFFERED_ON_WINDOWS = new Set(['EPERM', 'EACCES', 'EISDIR']);

function cannotBeSynced(error: unknown): boolean {
  const errno = errnoOf(error) ?? '';
  if (NOT_OFFERED.has(errno)) return true;
  return process.platform === 'win32' && NOT_OFFERED_ON_WINDOWS.has(errno);
}

/**
 * Makes the entries of a directory durable. fsync(2): syncing a file does not ensure that its entry in
 * the directory has reached the disk; the directory needs an fsync of its own.
 *
 * @throws the error of the system call
 */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!cannotBeSynced(error)) throw error;
  }
}

/**
 * Makes the way to an entry durable: syncs its directory and all above it, up to `top`. All of them,
 * although only new ones need it: another process may have made one and not synced it yet.
 */
export async function syncUpTo(directory: string, top: string): Promise<void> {
  for (let at = directory; ; at = dirname(at)) {
    await attempt(`sync the directory '${at}'`, syncDirectory(at));
    if (at === top || at === dirname(at)) return;
  }
}
