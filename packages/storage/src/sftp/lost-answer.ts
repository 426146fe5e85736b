import { ObjectStoreError } from '@holdfast/core';
import { temporaryName, thisProcess } from '../local/temporary-names.ts';
import { above } from './paths.ts';
import { isAbsence, statusOf } from './problems.ts';
import type { Requests } from './requests.ts';

/** Whether the connection was lost, or the server ended it, before it had answered. */
export function isLostAnswer(error: unknown, requests: Requests): boolean {
  return requests.isLost && requests.signal?.aborted !== true && statusOf(error) === undefined;
}

function unknown(path: string, cause: unknown): ObjectStoreError {
  const message = `The connection was lost while '${path}' was published: it is not known whether it was.`;
  return new ObjectStoreError('unavailable', message, {
    cause,
    hint: 'Look at what is under the key, or write it again.',
    context: { path },
  });
}

/** Takes a file away; false when it was not there. */
async function takeAway(requests: Requests, path: string): Promise<boolean> {
  try {
    await requests.unlink(path);
    return true;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

/** How many names a file has, as servers tell it in the lines of a listing like those of `ls -l`; undefined where they do not. */
async function namesOf(requests: Requests, path: string): Promise<number | undefined> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const entries = await requests.readdir(above(path));
  const line = entries.find(({ filename }) => filename === name)?.longname ?? '';
  const names = /^[a-z-]\S{9,}\s+(?<names>\d+)\s/.exec(line)?.groups?.['names'];
  return names === undefined ? undefined : Number(names);
}

/** A file that was to get a second name is told by how many it has. It is moved aside first, out of reach of the lost request. */
async function wasLinked(requests: Requests, path: string): Promise<boolean | undefined> {
  if (!requests.offers('posix-rename@openssh.com')) return undefined;
  const aside = `${above(path)}/${temporaryName(await thisProcess())}`;
  await requests.rename(path, aside);
  const names = await namesOf(requests, aside);
  await takeAway(requests, aside);
  return names === undefined ? undefined : names > 1;
}

/**
 * Finds out over a new connection whether a file was published, when the answer to that was lost. The lost request may
 * still be carried out by the server: afterwards it cannot be any more.
 *
 * @param path where the file was before
 * @param lost the error of the request
 * @throws `OBJECT_STORE_UNAVAILABLE` when it cannot be found out
 */
export async function wasPublished(
  reconnect: () => Promise<Requests>,
  path: string,
  how: 'hardlink' | 'rename',
  lost: unknown,
): Promise<boolean> {
  let published: boolean | undefined;
  try {
    const requests = await reconnect();
    published =
      how === 'rename' ? !(await takeAway(requests, path)) : await wasLinked(requests, path);
  } catch {
    throw unknown(path, lost);
  }
  if (published === undefined) throw unknown(path, lost);
  return published;
}
