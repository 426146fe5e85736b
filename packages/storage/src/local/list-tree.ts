import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compareObjectKeys, isObjectKey, ObjectStoreError } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import { isDirectoryThere } from './place.ts';
import { asStoreError, attempt, isAbsence } from './problems.ts';

/** What a listing is about. */
interface Listing {
  readonly root: string;
  readonly prefix: string;
  readonly signal: AbortSignal | undefined;
  /** Whether something was gone by the time it was looked at. */
  vanished: boolean;
}

export function infoOf(key: string, stats: Stats): ObjectInfo {
  return { key, bytes: stats.size, modifiedAt: Math.floor(stats.mtimeMs) };
}

/** What files and directories are called in a listing; a directory as its objects' keys begin. */
function keyOf(directory: string, entry: Dirent): string {
  return `${directory}${entry.name}${entry.isDirectory() ? '/' : ''}`;
}

/** Whether a name can be one of ours: other programs leave files in a directory, too. */
function isOurs(key: string): boolean {
  return isObjectKey(key.endsWith('/') ? key.slice(0, -1) : key);
}

function isAskedFor(key: string, prefix: string): boolean {
  return key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));
}

/** Waits for a look at something; undefined when it is gone. */
async function unlessGone<T>(listing: Listing, what: string, call: Promise<T>) {
  try {
    return await call;
  } catch (error) {
    if (!isAbsence(error)) throw asStoreError(error, what);
    listing.vanished = true;
    return undefined;
  }
}

/**
 * The keys of a directory in the order of the whole listing: as all keys below a directory begin with
 * its name and a slash, it stands among its siblings where that text does ('a-b', 'a/', 'a0'). A set, as
 * readdir(3) may give a name twice that is replaced meanwhile.
 */
async function keysIn(listing: Listing, directory: string): Promise<string[]> {
  const path = join(listing.root, directory);
  const reading = readdir(path, { withFileTypes: true });
  const entries = (await unlessGone(listing, `list '${path}'`, reading)) ?? [];
  const keys = entries
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => keyOf(directory, entry))
    .filter((key) => isAskedFor(key, listing.prefix) && isOurs(key));
  return [...new Set(keys)].toSorted(compareObjectKeys);
}

async function* walk(
  listing: Listing,
  directory: string,
): AsyncGenerator<ObjectInfo, void, undefined> {
  for (const key of await keysIn(listing, directory)) {
    listing.signal?.throwIfAborted();
    if (key.endsWith('/')) {
      yield* walk(listing, key);
    } else {
      const path = join(listing.root, key);
      const stats = await unlessGone(listing, `look at '${path}'`, lstat(path));
      if (stats?.isFile() === true) yield infoOf(key, stats);
    }
  }
}

/** The directory that holds all that begins with a prefix. */
function directoryOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

/**
 * Lists the objects below a root in the order of their keys, a directory at a time. Links, devices and
 * files whose name can be no key are left out; no link is followed.
 *
 * @throws `OBJECT_STORE_UNAVAILABLE` when the root itself went away meanwhile: an unmounted disk must
 * not look like an empty store
 */
export async function* listTree(
  root: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  signal?.throwIfAborted();
  const before = await attempt(`list '${root}'`, stat(root));
  const directory = directoryOf(prefix);
  if (!(await isDirectoryThere(join(root, directory, '.')))) return;
  const listing: Listing = { root, prefix, signal, vanished: false };
  yield* walk(listing, directory);
  signal?.throwIfAborted();
  if (!listing.vanished) return;
  const after = await stat(root).catch(() => undefined);
  if (after?.ino === before.ino && after.dev === before.dev) return;
  throw new ObjectStoreError('unavailable', `'${root}' went away while it was listed.`, {
    hint: 'Check that the disk is mounted, and list again.',
  });
}
