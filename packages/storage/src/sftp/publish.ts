import { ObjectStoreError } from '@holdfast/core';
import { above, pathOf } from './paths.ts';
import { inTheWay, isDirectoryThere, lookAt, makeDirectory } from './place.ts';
import type { Found } from './place.ts';
import { isLostAnswer, wasPublished } from './lost-answer.ts';
import { asStoreError, isAbsence, statusOf } from './problems.ts';
import type { Requests } from './requests.ts';
import { syncUpTo } from './sync-directory.ts';

/** A whole file that is to become an object. */
export interface Publication {
  readonly root: string;
  readonly key: string;
  /** Where the file is now. */
  readonly path: string;
  /** How a key that must be free is kept so; undefined when what is there is replaced. */
  readonly ifAbsent: 'hardlink' | 'looks' | undefined;
  /** The mode of directories that have to be made. */
  readonly directoryMode: number;
  /** Connects anew, after the connection was lost. */
  readonly reconnect: () => Promise<Requests>;
}

/** How often a directory may vanish, taken away by deletes, before a write gives up. */
const MOST_TRIES = 100;

/**
 * Refuses what is in the way of an object.
 *
 * @throws `OBJECT_STORE_INVALID` when it is a directory
 * @throws `OBJECT_EXISTS` when it is an object and must not be replaced
 */
function refuse(path: string, found: Found, ifAbsent: boolean): void {
  if (found?.kind === 'directory') throw inTheWay(path, 'a directory, not an object');
  if (found === undefined || !ifAbsent) return;
  throw new ObjectStoreError('exists', `There is an object at '${path}' already.`, {
    context: { path },
  });
}

/** Says no to a write that cannot succeed, before a body of hours is read. */
export async function refuseHopeless(
  requests: Requests,
  root: string,
  key: string,
  ifAbsent: boolean,
): Promise<void> {
  const path = pathOf(root, key);
  const found = await lookAt(requests, path);
  refuse(path, found, ifAbsent);
  for (let at = above(path); found === undefined && at.length > root.length; at = above(at)) {
    const way = await lookAt(requests, at);
    if (way?.kind === 'object') throw inTheWay(at, 'an object, not a directory');
    if (way) return;
  }
}

async function makeWay(requests: Requests, publication: Publication): Promise<void> {
  const { root, key, directoryMode } = publication;
  if (await isDirectoryThere(requests, above(pathOf(root, key)))) return;
  const parts = key.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    await makeDirectory(requests, pathOf(root, parts.slice(0, depth).join('/')), directoryMode);
  }
}

async function moveInto(requests: Requests, publication: Publication): Promise<void> {
  const { root, key, path, ifAbsent } = publication;
  const target = pathOf(root, key);
  try {
    if (ifAbsent === 'looks') refuse(target, await lookAt(requests, target), true);
    if (ifAbsent !== 'hardlink') {
      await requests.rename(path, target);
      return;
    }
    await requests.hardlink(path, target);
  } catch (error) {
    // A server does not say what is in the way.
    if (statusOf(error) !== undefined && !isAbsence(error)) {
      refuse(target, await lookAt(requests, target), ifAbsent !== undefined);
    }
    throw error;
  }
  // The object has its name; what is left of the other is swept later at the latest.
  await requests.unsignalled.unlink(path).catch(() => undefined);
}

/** Whether trying again makes sense: a delete took the directory away after it had been made. */
async function lostTheWay(requests: Requests, failure: unknown, path: string): Promise<boolean> {
  if (!isAbsence(failure)) return false;
  return requests.lstat(path).then(
    () => true,
    () => false,
  );
}

/** @returns the requests of the connection by which it is known, where the first one was lost */
async function moveWithWay(requests: Requests, publication: Publication): Promise<Requests> {
  const { root, key, path, ifAbsent, reconnect } = publication;
  for (let tries = 1; ; tries++) {
    try {
      await makeWay(requests, publication);
      await moveInto(requests, publication);
      return requests;
    } catch (error) {
      if (isLostAnswer(error, requests)) {
        const how = ifAbsent === 'hardlink' ? 'hardlink' : 'rename';
        if (await wasPublished(reconnect, path, how, error)) return reconnect();
      }
      if (tries < MOST_TRIES && (await lostTheWay(requests, error, path))) continue;
      throw asStoreError(error, `publish '${pathOf(root, key)}'`);
    }
  }
}

/**
 * Gives a file its key, in one step and durably: posix-rename@openssh.com or, if absent, hardlink@openssh.com, which
 * replaces nothing; then the directories are synced. Where the connection is lost meanwhile, it is found out over
 * another one what was done, and what is left is done there.
 */
export async function publish(requests: Requests, publication: Publication): Promise<void> {
  const { root, key, reconnect } = publication;
  const directory = above(pathOf(root, key));
  const connected = await moveWithWay(requests, publication);
  try {
    await syncUpTo(connected, directory, root);
  } catch (error) {
    if (!connected.isLost || connected.signal?.aborted === true) throw error;
    await syncUpTo(await reconnect(), directory, root);
  }
}
