import { ObjectStoreError } from '@holdfast/core';
import type { PutOptions } from '@holdfast/core';
import { lookAt, pathOf } from './place.ts';
import type { Found } from './place.ts';

function inTheWay(path: string, is: string): ObjectStoreError {
  return new ObjectStoreError('invalid', `'${path}' is ${is}.`, {
    hint: 'On disk an object is a file: no key can be the directory of another. Use another key.',
    context: { path },
  });
}

/**
 * Refuses what is in the way of an object.
 *
 * @throws `OBJECT_STORE_INVALID` when it is a directory
 * @throws `OBJECT_EXISTS` when it is an object and must not be replaced
 */
export function refuse(path: string, found: Found, ifAbsent: boolean): void {
  if (found?.kind === 'directory') throw inTheWay(path, 'a directory, not an object');
  if (found === undefined || !ifAbsent) return;
  throw new ObjectStoreError('exists', `There is an object at '${path}' already.`, {
    context: { path },
  });
}

/**
 * Refuses to keep an object until a time: whoever owns a file can take it away.
 *
 * @throws `OBJECT_STORE_INVALID`
 */
export function refuseRetention(key: string, { retainUntil }: PutOptions): void {
  if (retainUntil === undefined) return;
  throw new ObjectStoreError('invalid', `A store on disk cannot keep '${key}' until a time.`, {
    hint: 'Write without retainUntil, or to a service that locks objects.',
    context: { key },
  });
}

/**
 * Refuses an object in the place of a directory.
 *
 * @throws `OBJECT_STORE_INVALID`
 */
export function refuseAsDirectory(path: string, found: Found): void {
  if (found?.kind === 'object') throw inTheWay(path, 'an object, not a directory');
}

/**
 * Says no to a write that cannot succeed, before a body of hours is read: the key is taken and must
 * not be, a directory is in its place, a file in the place of a directory.
 */
export async function refuseHopeless(root: string, key: string, ifAbsent: boolean): Promise<void> {
  const path = pathOf(root, key);
  const found = await lookAt(path);
  refuse(path, found, ifAbsent);
  const parts = key.split('/');
  for (let depth = parts.length - 1; found === undefined && depth > 0; depth--) {
    const above = pathOf(root, parts.slice(0, depth).join('/'));
    const way = await lookAt(above);
    refuseAsDirectory(above, way);
    if (way) return;
  }
}
