import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, errnoOf } from './problems.ts';
import { hasEnded, ownerOf, TEMPORARY, temporaryName, thisProcess } from './temporary-names.ts';

/** A file that is being written and has no key yet. */
export interface TemporaryFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** Marks the locks of {@link publishUnderLock} among the unfinished writes. */
export const LOCK_PREFIX = 'lock-';

async function makeDirectory(root: string): Promise<void> {
  try {
    await mkdir(join(root, TEMPORARY), { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

async function openNew(root: string, mode: number): Promise<TemporaryFile> {
  const path = join(root, TEMPORARY, temporaryName(await thisProcess()));
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  try {
    return { path, handle: await open(path, flags, mode) };
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  await makeDirectory(root);
  return { path, handle: await open(path, flags, mode) };
}

/** Begins a file beside the objects, in the same file system. */
export async function createTemporary(root: string, mode: number): Promise<TemporaryFile> {
  return attempt(`begin a file in '${join(root, TEMPORARY)}'`, openNew(root, mode));
}

/** Takes a file away that came to nothing. What cannot be removed is swept later. */
export async function discard({ path, handle }: TemporaryFile): Promise<void> {
  await handle.close().catch(() => undefined);
  await unlink(path).catch(() => undefined);
}

async function ownerIn(path: string, name: string): Promise<ReturnType<typeof ownerOf>> {
  return ownerOf(name.startsWith(LOCK_PREFIX) ? await readFile(path, 'latin1') : name);
}

/** Whether a file was left by a process that has ended, or, where that cannot be told, has long not been touched. */
export async function isAbandoned(
  path: string,
  name: string,
  now: number,
  afterMs: number,
): Promise<boolean> {
  const owner = await ownerIn(path, name);
  if (owner === undefined && !name.startsWith(LOCK_PREFIX)) return false;
  const ended = owner && (await hasEnded(owner));
  if (ended !== undefined) return ended;
  return now - (await lstat(path)).mtimeMs > afterMs;
}

/**
 * Removes what dead processes have left. A process of this boot and container is looked up by its id
 * and start time; anybody else's file counts as abandoned when it has not changed for some time, so that
 * a place on the network can be shared. Files with other names are left alone, and so is what cannot
 * be removed: the sweep never stands in the way of a write.
 *
 * @returns how many files it has removed
 */
export async function sweepTemporary(root: string, now: number, afterMs: number): Promise<number> {
  const directory = join(root, TEMPORARY);
  const names = await readdir(directory).catch(() => []);
  let removed = 0;
  for (const name of names) {
    const path = join(directory, name);
    if (!(await isAbandoned(path, name, now, afterMs).catch(() => false))) continue;
    const gone = await unlink(path).then(
      () => true,
      () => false,
    );
    if (gone) removed++;
  }
  return removed;
}
