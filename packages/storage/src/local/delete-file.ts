import { rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lookAt } from './place.ts';
import { asStoreError, errnoOf, isAbsence } from './problems.ts';
import { syncDirectory } from './sync-directory.ts';

async function removeDurably(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isAbsence(error)) throw asStoreError(error, `delete '${path}'`);
  }
  const directory = dirname(path);
  try {
    await syncDirectory(directory);
  } catch (error) {
    // Another delete may have taken the directory away.
    if (!isAbsence(error)) throw asStoreError(error, `sync the directory '${directory}'`);
  }
}

/**
 * Takes away the directories that have become empty, from the inside out. rmdir(2) removes a
 * directory only when it is empty; a write that had just made it makes it again.
 */
async function prune(directory: string, root: string): Promise<void> {
  for (let at = directory; at !== root && at !== dirname(at); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') return;
    }
  }
}

/** Deletes an object durably, and the directories that held nothing else. */
export async function deleteFile(root: string, path: string): Promise<void> {
  if ((await lookAt(path))?.kind !== 'object') return;
  await removeDurably(path);
  await prune(dirname(path), root);
}
