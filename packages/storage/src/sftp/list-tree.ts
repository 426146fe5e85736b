import { compareObjectKeys, isObjectKey } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import type { Stats } from 'ssh2';
import { pathOf } from './paths.ts';
import { infoOf, isDirectoryThere } from './place.ts';
import { attempt, isAbsence } from './problems.ts';
import type { Requests } from './requests.ts';

type Infos = AsyncGenerator<ObjectInfo, void, undefined>;

/** Whether a name can be one of ours: other programs leave files in a directory, too. */
function isOurs(key: string): boolean {
  return isObjectKey(key.endsWith('/') ? key.slice(0, -1) : key);
}

function isAskedFor(key: string, prefix: string): boolean {
  return key.startsWith(prefix) || (key.endsWith('/') && prefix.startsWith(key));
}

/**
 * What a directory holds in the order of the whole listing: as all keys below a directory begin with its name and a
 * slash, it stands among its siblings where that text does. A map, as a name that is replaced meanwhile may come twice.
 */
async function entriesIn(
  requests: Requests,
  root: string,
  directory: string,
  prefix: string,
): Promise<[string, Stats][]> {
  const path = directory === '' ? root : pathOf(root, directory.slice(0, -1));
  const entries = await requests.readdir(path).catch((error: unknown) => {
    if (isAbsence(error)) return [];
    return attempt(`list '${path}'`, Promise.reject(error as Error));
  });
  const found = new Map<string, Stats>();
  for (const { filename, attrs } of entries) {
    if (!attrs.isFile() && !attrs.isDirectory()) continue;
    const key = `${directory}${filename}${attrs.isDirectory() ? '/' : ''}`;
    if (isAskedFor(key, prefix) && isOurs(key)) found.set(key, attrs);
  }
  return [...found].toSorted(([a], [b]) => compareObjectKeys(a, b));
}

async function* walk(requests: Requests, root: string, directory: string, prefix: string): Infos {
  for (const [key, stats] of await entriesIn(requests, root, directory, prefix)) {
    requests.signal?.throwIfAborted();
    if (key.endsWith('/')) yield* walk(requests, root, key, prefix);
    else yield infoOf(key, stats);
  }
}

/**
 * Lists the objects below a root in the order of their keys, a directory at a time. Links, devices and files whose name
 * can be no key are left out; no link is followed.
 */
export async function* listTree(requests: Requests, root: string, prefix: string): Infos {
  const directory = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const path = directory === '' ? root : pathOf(root, directory.slice(0, -1));
  if (!(await isDirectoryThere(requests, path))) return;
  yield* walk(requests, root, directory, prefix);
  requests.signal?.throwIfAborted();
}
