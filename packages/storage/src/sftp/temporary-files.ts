import {
  hasEnded,
  ownerOf,
  TEMPORARY,
  temporaryName,
  thisProcess,
} from '../local/temporary-names.ts';
import { pathOf } from './paths.ts';
import { makeDirectory } from './place.ts';
import { attempt, isAbsence } from './problems.ts';
import type { Handle, Requests } from './requests.ts';

/** A file that is being written and has no key yet. */
export interface TemporaryFile {
  readonly path: string;
  readonly handle: Handle;
  isOpen: boolean;
}

/**
 * Closes a file, once: a server gives the handle of a closed file to the next one that is opened, and a second close
 * would take it from another write.
 */
export async function closeTemporary(file: TemporaryFile, requests: Requests): Promise<void> {
  if (!file.isOpen) return;
  file.isOpen = false;
  await requests.unsignalled.close(file.handle);
}

async function openNew(requests: Requests, root: string, mode: number): Promise<TemporaryFile> {
  const path = pathOf(root, `${TEMPORARY}/${temporaryName(await thisProcess())}`);
  try {
    return { path, handle: await requests.openNew(path, mode), isOpen: true };
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  await makeDirectory(requests, pathOf(root, TEMPORARY), 0o700);
  return { path, handle: await requests.openNew(path, mode), isOpen: true };
}

/** Begins a file beside the objects, in the same file system. */
export async function createTemporary(
  requests: Requests,
  root: string,
  mode: number,
): Promise<TemporaryFile> {
  return attempt(`begin a file in '${pathOf(root, TEMPORARY)}'`, openNew(requests, root, mode));
}

/** Files of writes that came to nothing. What cannot be removed now is tried again later. */
export class Leftovers {
  readonly #open: () => Promise<Requests>;
  readonly #left = new Set<string>();
  readonly #work = new Set<Promise<void>>();

  /** @param open connects anew where the connection was lost */
  constructor(open: () => Promise<Requests>) {
    this.#open = open;
  }

  /** Removes a file, for good or when the server can be reached again. */
  discard(file: TemporaryFile, requests: Requests): Promise<void> {
    // Closed first: some servers remove no open file. After a lost connection the server has closed it.
    void closeTemporary(file, requests).catch(() => undefined);
    return this.#remove(file.path);
  }

  /** Tries again to remove what is left. */
  async removeLeft(): Promise<void> {
    await Promise.all(this.#work);
    await Promise.all([...this.#left].map((path) => this.#remove(path)));
  }

  /** Tries once more, if there is anything. */
  async settle(): Promise<void> {
    if (this.#left.size > 0 || this.#work.size > 0) await this.removeLeft();
  }

  #remove(path: string): Promise<void> {
    this.#left.add(path);
    const work = this.#unlink(path)
      .catch(() => undefined)
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
    return work;
  }

  async #unlink(path: string): Promise<void> {
    const requests = await this.#open();
    try {
      await requests.unlink(path);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
    this.#left.delete(path);
  }
}

/** Whether a file was left by a process that has ended, or, where that cannot be told, has long not been touched. */
async function isAbandoned(name: string, modifiedAt: number, before: number): Promise<boolean> {
  const owner = ownerOf(name);
  if (owner === undefined) return false;
  return (await hasEnded(owner)) ?? modifiedAt < before;
}

/**
 * Removes what dead processes have left. A process of this boot and container is looked up by its id and start time;
 * anybody else's file counts as abandoned when it has not changed for some time by the clock of the server. Files
 * with other names are left alone, and so is what cannot be removed.
 *
 * @returns how many files it has removed
 */
export async function sweepTemporary(
  requests: Requests,
  root: string,
  before: number,
): Promise<number> {
  const directory = pathOf(root, TEMPORARY);
  const entries = await requests.readdir(directory).catch((error: unknown) => {
    requests.signal?.throwIfAborted();
    if (isAbsence(error)) return [];
    return attempt(`list '${directory}'`, Promise.reject(error as Error));
  });
  let removed = 0;
  for (const { filename, attrs } of entries) {
    if (!(await isAbandoned(filename, attrs.mtime * 1000, before))) continue;
    try {
      await requests.unlink(`${directory}/${filename}`);
      removed++;
    } catch {
      requests.signal?.throwIfAborted();
    }
  }
  return removed;
}
