import { createHash } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ObjectStoreError } from '@holdfast/core';
import { refuse } from './conflicts.ts';
import { lookAt, pathOf } from './place.ts';
import { errnoOf } from './problems.ts';
import { isAbandoned, LOCK_PREFIX } from './temporary-files.ts';
import { ABANDONED_AFTER_MS, ownerTag, TEMPORARY, thisProcess } from './temporary-names.ts';

/** A lock is held for two system calls; who waits longer than this (5 s) has met something else. */
const MOST_TRIES = 250;
const PAUSE_MS = 20;

async function tryLock(lock: string, tag: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx', 0o600);
    try {
      await handle.writeFile(tag);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

async function takeLock(lock: string, key: string): Promise<void> {
  const tag = ownerTag(await thisProcess());
  for (let tries = 1; !(await tryLock(lock, tag)); tries++) {
    const name = basename(lock);
    if (await isAbandoned(lock, name, Date.now(), ABANDONED_AFTER_MS).catch(() => false)) {
      await unlink(lock).catch(() => undefined);
    } else if (tries >= MOST_TRIES) {
      throw new ObjectStoreError('unavailable', `Another write of '${key}' holds '${lock}'.`, {
        hint: 'Try again; if no other process writes there, remove the lock file.',
        context: { key, lock },
      });
    } else {
      await wait(PAUSE_MS);
    }
  }
}

/**
 * Gives a file its key if that is free, where there are no hard links: under a lock that all such
 * writers of the key take, it looks and renames. A write that may replace takes no lock, and must not
 * be mixed with these under one key.
 */
export async function publishUnderLock(root: string, key: string, path: string): Promise<void> {
  const target = pathOf(root, key);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const lock = join(root, TEMPORARY, `${LOCK_PREFIX}${name}`);
  await takeLock(lock, key);
  try {
    refuse(target, await lookAt(target), true);
    await rename(path, target);
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}
