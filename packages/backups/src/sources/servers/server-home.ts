import { chmod, chown, mkdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { defaultScratchRoot, openDirectory, type Workroom } from '../workroom.ts';

/** The user that a scratch server runs as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** A directory for the files of a scratch server. */
export interface ServerHome {
  /** It is empty, of mode 0700, and belongs to the server's user. */
  readonly path: string;
  /** Undefined: the server runs as the user of this process. */
  readonly user: ServerUser | undefined;
  /** Removes what does not go with the room. */
  remove(): Promise<void>;
}

/**
 * Whom a server runs as that refuses to run as root: a user of its own, if it has one, else nobody. Undefined where
 * this process is not root.
 *
 * @throws `SCRATCH_SERVER_FAILED` there is no such user
 */
async function userFor(names: readonly string[]): Promise<ServerUser | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of [...names, 'nobody']) {
    const [, , uid, gid] = lines.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new HoldfastError('SCRATCH_SERVER_FAILED', 'A scratch server cannot run as root.', {
    hint: `Make one of the users ${names.join(', ')}, nobody; or name a server for scratch copies.`,
    retryable: false,
  });
}

/** Lets other users pass through the directories of ours that a room lies in, and sees whether that will do. */
async function letPass(scratch: string): Promise<boolean> {
  await chmod(scratch, 0o711);
  if (dirname(scratch) === defaultScratchRoot()) await chmod(dirname(scratch), 0o711);
  for (let at = scratch; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Makes a directory for a scratch server: in the room; or, where the server has to run as another user who cannot
 * get there, in the system's directory for temporary files.
 *
 * @param names users that the server may run as, where this process is root
 */
export async function makeServerHome(
  room: Workroom,
  names: readonly string[],
): Promise<ServerHome> {
  const user = await userFor(names);
  const inRoom = user === undefined || (await letPass(room.scratch));
  const outside = inRoom ? undefined : await openDirectory(tmpdir(), '.holdfast-');
  const path = outside?.path ?? join(room.scratch, 'server');
  if (outside === undefined) await mkdir(path, { mode: 0o700 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
  return { path, user, remove: async () => outside?.remove() };
}
