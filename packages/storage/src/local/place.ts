import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ObjectStoreError } from '@holdfast/core';
import { asStoreError, attempt, errnoOf, isAbsence } from './problems.ts';
import { syncUpTo } from './sync-directory.ts';

/** The directory that a store keeps its objects in. */
export interface Place {
  /** Its path as given, made absolute. */
  readonly directory: string;
  /**
   * Its real path; undefined when it is still to be created.
   *
   * @throws `OBJECT_STORE_UNAVAILABLE` when it should be there and is not
   */
  find(): Promise<string | undefined>;
  /** Its real path; creates it where that is allowed. */
  findOrCreate(): Promise<string>;
}

async function realDirectory(directory: string): Promise<string | undefined> {
  try {
    const real = await realpath(directory);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw asStoreError(error, `open the store in '${directory}'`);
  }
  throw new ObjectStoreError(
    'invalid',
    `The place of the store, '${directory}', is no directory.`,
    {
      hint: 'Give a directory.',
    },
  );
}

async function createDurably(directory: string, mode: number): Promise<void> {
  const first = await attempt(
    `create the store in '${directory}'`,
    mkdir(directory, { recursive: true, mode }),
  );
  if (first !== undefined) await syncUpTo(dirname(directory), dirname(first));
}

/** @param create whether a directory that was never seen may be created */
export function placeAt(path: string, create: boolean, mode: number): Place {
  const directory = resolve(path);
  let seen = false;

  const find = async (): Promise<string | undefined> => {
    const real = await realDirectory(directory);
    if (real !== undefined) {
      seen = true;
      return real;
    }
    if (create && !seen) return undefined;
    throw new ObjectStoreError(
      'unavailable',
      `The directory of the store, '${directory}', is not there.`,
      { hint: 'Mount the disk it is on; or create the directory, if the store is to be new.' },
    );
  };

  const findOrCreate = async (): Promise<string> => {
    const real = await find();
    if (real !== undefined) return real;
    await createDurably(directory, mode);
    seen = true;
    return (await find()) as string;
  };

  return { directory, find, findOrCreate };
}

/** Where an object is, or would be. */
export function pathOf(root: string, key: string): string {
  return join(root, ...key.split('/'));
}

/**
 * Whether a directory below the root is there.
 *
 * @throws `OBJECT_STORE_INVALID` when a symbolic link is on the way to it
 */
export async function isDirectoryThere(path: string): Promise<boolean> {
  let real: string;
  try {
    real = await realpath(path);
  } catch (error) {
    if (isAbsence(error)) return false;
    throw asStoreError(error, `look for '${path}'`);
  }
  if (real === path) return true;
  throw new ObjectStoreError(
    'invalid',
    `'${path}' is in fact '${real}': a link, or another case.`,
    {
      hint: 'The store follows no symbolic links and keeps names as they are. Put a directory there.',
    },
  );
}

/** What is at the place of an object; undefined when nothing is. */
export type Found =
  | { readonly kind: 'object'; readonly stats: Stats }
  | { readonly kind: 'directory' }
  | undefined;

/**
 * Looks at the place of an object.
 *
 * @throws `OBJECT_STORE_INVALID` when a link, a device or a pipe is in its place
 */
export async function lookAt(path: string): Promise<Found> {
  if (!(await isDirectoryThere(dirname(path)))) return undefined;
  let stats: Stats;
  try {
    stats = await lstat(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw asStoreError(error, `look at '${path}'`);
  }
  if (stats.isFile()) return { kind: 'object', stats };
  if (stats.isDirectory()) return { kind: 'directory' };
  throw new ObjectStoreError('invalid', `'${path}' is neither a file nor a directory.`, {
    hint: 'The store follows no symbolic links and reads no devices. Take it away.',
  });
}
