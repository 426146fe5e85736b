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

async function isEmptyDirectory(path: string): Promise<boolean> {
  if (!(await lstat(path)).isDirectory()) return false;
  return (await readdir(path)).length === 0;
}

/**
 * What stands where a restore is to go: the target, and files beside it that would be taken for parts
 * of it. An old write-ahead log beside a restored database would be played back into it.
 */
async function inTheWay(to: string, companions: readonly string[]): Promise<readonly string[]> {
  const occupied: string[] = [];
  if ((await isThere(to)) && !(await isEmptyDirectory(to))) occupied.push(to);
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
 * @throws `RESTORE_TARGET_NOT_EMPTY`
 */
export async function checkTarget(
  to: string,
  companions: readonly string[],
  overwrite: boolean,
): Promise<void> {
  const [first] = await inTheWay(to, companions);
  if (first !== undefined && !overwrite) throw notEmpty(first);
}

/** A name that is still free, for what has to make room. */
async function freeName(wanted: string): Promise<string> {
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!(await isThere(name))) return name;
  }
}

/** Puts a file or directory in place; never over anything but an empty directory. */
async function place(staged: string, to: string): Promise<void> {
  if ((await lstat(staged)).isDirectory()) {
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
  const kept = await freeName(`${to}.before-${options.label}`);
  const moved: Moved[] = [];
  try {
    for (const path of await inTheWay(to, options.companions)) {
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
  return moved.length > 0 ? kept : undefined;
}
