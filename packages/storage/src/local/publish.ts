import type { Stats } from 'node:fs';
import { link, lstat, mkdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { refuse, refuseAsDirectory } from './conflicts.ts';
import { isDirectoryThere, lookAt, pathOf } from './place.ts';
import type { Place } from './place.ts';
import { asStoreError, errnoOf } from './problems.ts';
import { publishUnderLock } from './publish-under-lock.ts';
import { syncUpTo } from './sync-directory.ts';

/** A whole and durable file that is to become an object. */
export interface Publication {
  readonly place: Place;
  readonly root: string;
  readonly key: string;
  /** Where the file is now. */
  readonly path: string;
  /** What the file system says of it. */
  readonly stats: Stats;
  readonly ifAbsent: boolean;
  /** The mode of directories that have to be made. */
  readonly directoryMode: number;
}

/** How often a directory may vanish, taken away by deletes, before a write gives up. */
const MOST_TRIES = 1000;
/** The file system has no hard links: FAT, exFAT, some network and FUSE file systems; see link(2). */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

async function makeDirectory(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    refuseAsDirectory(path, await lookAt(path));
  }
}

async function makeWay(publication: Publication): Promise<void> {
  const { root, key, directoryMode } = publication;
  if (await isDirectoryThere(dirname(pathOf(root, key)))) return;
  let path = root;
  for (const part of key.split('/').slice(0, -1)) {
    path = join(path, part);
    await makeDirectory(path, directoryMode);
  }
}

/** Whether the file is at its place: over a network a rename or link may be done and reported failed. */
async function isPublished({ root, key, stats }: Publication): Promise<boolean> {
  const there = await lstat(pathOf(root, key)).catch(() => undefined);
  return there?.ino === stats.ino && there.dev === stats.dev && there.size === stats.size;
}

async function linkInto(publication: Publication): Promise<void> {
  const { root, key, path } = publication;
  const target = pathOf(root, key);
  try {
    await link(path, target);
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (NO_LINKS.has(errno)) {
      await publishUnderLock(root, key, path);
      return;
    }
    if (errno !== 'EEXIST') throw error;
    if (!(await isPublished(publication))) {
      refuse(target, await lookAt(target), true);
      throw error;
    }
  }
  // The object has its name; what is left of the other is swept later at the latest.
  await unlink(path).catch(() => undefined);
}

async function moveInto(publication: Publication): Promise<void> {
  const { root, key, path, ifAbsent } = publication;
  if (ifAbsent) return linkInto(publication);
  try {
    await rename(path, pathOf(root, key));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' || !(await isPublished(publication))) throw error;
  }
}

/** Whether trying again makes sense: a delete took the directory away after it had been made. */
async function lostTheWay(failure: unknown, { place, path }: Publication): Promise<boolean> {
  if (errnoOf(failure) !== 'ENOENT') return false;
  await place.find();
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function moveWithWay(publication: Publication): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await makeWay(publication);
      return await moveInto(publication);
    } catch (error) {
      if (tries < MOST_TRIES && (await lostTheWay(error, publication))) continue;
      throw asStoreError(error, `publish '${pathOf(publication.root, publication.key)}'`);
    }
  }
}

/**
 * Gives a file its key, in one step and durably: rename(2) or, if absent, link(2), which replaces
 * nothing; then the directories are synced.
 *
 * When that last step fails, an object that was written if absent is taken away again, so that a
 * second try can succeed; a replaced one cannot be brought back.
 */
export async function publish(publication: Publication): Promise<void> {
  const { root, key, ifAbsent } = publication;
  const target = pathOf(root, key);
  await moveWithWay(publication);
  try {
    await syncUpTo(dirname(target), root);
  } catch (error) {
    if (ifAbsent) await unlink(target).catch(() => undefined);
    throw error;
  }
}
