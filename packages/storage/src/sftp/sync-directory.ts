import { above } from './paths.ts';
import { attempt, isAbsence, statusOf } from './problems.ts';
import type { Requests } from './requests.ts';

/** Syncs a directory, unless the server opens none, or it is gone. */
async function sync(requests: Requests, path: string): Promise<void> {
  const handle = await requests.openToRead(path).catch((error: unknown) => {
    if (statusOf(error) === undefined) throw error;
    return undefined;
  });
  if (handle === undefined) return;
  try {
    await requests.fsync(handle);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  } finally {
    void requests.unsignalled.close(handle).catch(() => undefined);
  }
}

/** Makes the entries of a directory durable, where the server opens directories and syncs; OpenSSH's does. */
export async function syncDirectory(requests: Requests, path: string): Promise<void> {
  if (!requests.offers('fsync@openssh.com')) return;
  await attempt(`sync the directory '${path}'`, sync(requests, path));
}

/** Makes the way to an entry durable: its directory and all above it, up to `top`. */
export async function syncUpTo(requests: Requests, directory: string, top: string): Promise<void> {
  const syncs: Promise<void>[] = [];
  for (let at = directory; at.length >= top.length; at = above(at)) {
    syncs.push(syncDirectory(requests, at));
    if (at === top || at === '/') break;
  }
  await Promise.all(syncs);
}
