import { link, lstat, open, readdir, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HoldfastError } from '@holdfast/core';

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    },
  );
}

async function isDirectory(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}

/** Whether what was restored takes the place as it is: a tree, of a directory with nothing in it. */
async function canTake(to: string, staged: string | undefined): Promise<boolean> {
  if (!(await isDirectory(to)) || (await readdir(to)).length > 0) return false;
  return staged === undefined || isDirectory(staged);
}

/**
 * What stands where a restore is to go: the target, and files beside it that would be taken for parts
 * of it. An old write-ahead log beside a restored database would be played back into it.
 */
async function inTheWay(
  to: string,
  companions: readonly string[],
  staged: string | undefined,
): Promise<readonly string[]> {
  const occupied: string[] = [];
  if ((await isThere(to)) && !(await canTake(to, staged))) occupied.push(to);
  for (const suffix of companions) if (await isThere(to + suffix)) occupied.push(to + suffix);
  return occupied;
}

function notEmpty(path: string): HoldfastError {
  return new HoldfastError(
    'RESTORE_TARGET_NOT_EMPTY',
    `${path} is there already; nothing was restored.`,
    {
      hint: 'Restore to another place, or pass overwrite: true: what is there is then kept beside.',
      retryable: false,
      context: { path },
    },
  );
}

/**
 * Makes sure that a restore may go to a place.
 *
 * @param staged what is to go there; not given before it is restored
 * @throws `RESTORE_TARGET_NOT_EMPTY`
 */
export async function checkTarget(
  to: string,
  companions: readonly string[],
  overwrite: boolean,
  staged?: string,
): Promise<void> {
  const [first] = await inTheWay(to, companions, staged);
  if (first !== undefined && !overwrite) throw notEmpty(first);
}

/** A name that is still free, with every suffix, for what has to make room. */
async function freeName(wanted: string, suffixes: readonly string[]): Promise<string> {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    const taken = await Promise.all(suffixes.map((suffix) => isThere(name + suffix)));
    if (!taken.includes(true)) return name;
  }
}

/** Puts a file or directory in place; never over anything but an empty directory. */
async function place(staged: string, to: string): Promise<void> {
  if (await isDirectory(staged)) {
    // rename(2) replaces an empty directory, and fails on any other.
    await rename(staged, to);
    return;
  }
  try {
    await link(staged, to);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw notEmpty(to);
    // A file system without hard links: the look before has to do.
    if (await isThere(to)) throw notEmpty(to);
    await rename(staged, to);
    return;
  }
  await unlink(staged);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a swap moves aside, and under which names. */
interface Moved {
  readonly from: string;
  readonly to: string;
}

/**
 * Swaps what was restored beside into its place. What stood there is kept under `<to>.before-<label>`,
 * its companions with it; when the swap fails it is put back.
 *
 * @returns the path under which the old one is kept; undefined when there was none
 */
export async function swapIntoPlace(
  staged: string,
  to: string,
  options: { readonly companions: readonly string[]; readonly label: string },
): Promise<string | undefined> {
  const occupied = await inTheWay(to, options.companions, staged);
  if (occupied.length === 0) {
    await place(staged, to);
    await syncDirectory(dirname(to));
    return undefined;
  }
  const kept = await freeName(`${to}.before-${options.label}`, ['', ...options.companions]);
  const moved: Moved[] = [];
  try {
    for (const path of occupied) {
      const aside = kept + path.slice(to.length);
      await rename(path, aside);
      moved.push({ from: path, to: aside });
    }
    await place(staged, to);
  } catch (error) {
    for (const one of moved) await rename(one.to, one.from);
    throw error;
  }
  await syncDirectory(dirname(to));
  return kept;
}
