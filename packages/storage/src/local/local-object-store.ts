import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  checkObjectKey,
  checkObjectPrefix,
  checkRange,
  durationMs,
  ObjectStoreError,
} from '@holdfast/core';
import type {
  GetOptions,
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  SweepOptions,
  SweepReport,
} from '@holdfast/core';
import { refuseHopeless, refuseRetention } from './conflicts.ts';
import { deleteFile } from './delete-file.ts';
import { infoOf, listTree } from './list-tree.ts';
import { lookAt, pathOf, placeAt } from './place.ts';
import type { Place } from './place.ts';
import { attempt, errnoOf } from './problems.ts';
import { publish } from './publish.ts';
import { readFile } from './read-file.ts';
import { createTemporary, discard, sweepTemporary } from './temporary-files.ts';
import { ABANDONED_AFTER_MS } from './temporary-names.ts';
import { writeFile } from './write-file.ts';

/** How a local object store is made. */
export interface LocalObjectStoreOptions {
  /**
   * Creates the directory, and what is missing above it, with the first write. Default true.
   *
   * Set it to false for a disk that has to be mounted, and give a directory *below* the mount point
   * (`/mnt/vault/holdfast`, made once by hand): while the disk is not mounted, that directory is not
   * there, and every call fails with `OBJECT_STORE_UNAVAILABLE`. With true, backups would quietly fill
   * the system's disk, and a listing would say that there are none.
   */
  readonly create?: boolean;
  /** The mode of new files, less the process's umask. Default 0o600: the owner alone. */
  readonly fileMode?: number;
  /** The mode of new directories, less the process's umask. Default 0o700: the owner alone. */
  readonly directoryMode?: number;
}

type Signalled = { readonly signal?: AbortSignal };

class LocalObjectStore implements ObjectStore {
  readonly url: string;
  readonly properties = {
    ifAbsent: true,
    serverSideCopy: false,
    maxObjectBytes: Number.MAX_SAFE_INTEGER,
  } as const;
  readonly #place: Place;
  readonly #fileMode: number;
  readonly #directoryMode: number;
  #swept: Promise<unknown> | undefined;

  constructor(directory: string, options: LocalObjectStoreOptions) {
    this.#fileMode = options.fileMode ?? 0o600;
    this.#directoryMode = options.directoryMode ?? 0o700;
    this.#place = placeAt(directory, options.create ?? true, this.#directoryMode);
    this.url = pathToFileURL(this.#place.directory).href;
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    const { signal, ifAbsent = false } = options;
    checkObjectKey(key);
    refuseRetention(key, options);
    signal?.throwIfAborted();
    const place = this.#place;
    const root = await place.findOrCreate();
    this.#swept ??= sweepTemporary(root, Date.now(), ABANDONED_AFTER_MS);
    await this.#swept;
    await refuseHopeless(root, key, ifAbsent);
    const file = await createTemporary(root, this.#fileMode);
    try {
      const stats = await writeFile(file, body, signal);
      signal?.throwIfAborted();
      const { path } = file;
      const directoryMode = this.#directoryMode;
      await publish({ place, root, key, path, stats, ifAbsent, directoryMode });
      return infoOf(key, stats);
    } catch (error) {
      await discard(file);
      throw error;
    }
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    checkObjectKey(key);
    checkRange(key, options);
    options.signal?.throwIfAborted();
    const root = await this.#place.find();
    const path = pathOf(root ?? this.#place.directory, key);
    const found = root === undefined ? undefined : await lookAt(path);
    if (found?.kind !== 'object') {
      const what = found ? 'It is a directory.' : '';
      throw new ObjectStoreError('missing', `There is no object at '${path}'. ${what}`.trim(), {
        context: { key },
      });
    }
    yield* readFile(path, options);
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    const root = await this.#place.find();
    const found = root === undefined ? undefined : await lookAt(pathOf(root, key));
    return found?.kind === 'object' ? infoOf(key, found.stats) : undefined;
  }

  async *list(
    prefix: string,
    options: Signalled = {},
  ): AsyncGenerator<ObjectInfo, void, undefined> {
    checkObjectPrefix(prefix);
    options.signal?.throwIfAborted();
    const root = await this.#place.find();
    if (root !== undefined) yield* listTree(root, prefix, options.signal);
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    checkObjectKey(key);
    options.signal?.throwIfAborted();
    const root = await this.#place.find();
    if (root !== undefined) await deleteFile(root, pathOf(root, key));
  }

  async sweep(options: SweepOptions = {}): Promise<SweepReport> {
    const { olderThan = ABANDONED_AFTER_MS, signal } = options;
    signal?.throwIfAborted();
    const root = await this.#place.find();
    if (root === undefined) return { removed: 0 };
    return { removed: await sweepTemporary(root, Date.now(), durationMs(olderThan, 'olderThan')) };
  }

  async freeBytes(): Promise<number | undefined> {
    let path = (await this.#place.find()) ?? dirname(this.#place.directory);
    for (;;) {
      try {
        // Blocks that an unprivileged user may still take, counted in fragments; see statvfs(3).
        // Older releases of Node tell the block size only, which is the same on most file systems.
        const { bavail, frsize, bsize } = await statfs(path);
        return bavail * (frsize || bsize);
      } catch (error) {
        // A store that is still to be created takes its room from the directory above.
        if (errnoOf(error) === 'ENOENT' && path !== dirname(path)) path = dirname(path);
        else return attempt(`ask for the room in '${path}'`, Promise.reject(error as Error));
      }
    }
  }

  async close(): Promise<void> {}
}

/**
 * An object store in a directory of this machine, or of a file system mounted on it. A key is a path
 * below the directory; what is there is plain files, which any other program can read.
 *
 * - **Atomic and durable.** A body is written to a file in `.holdfast-tmp` at the root, synced
 *   (fsync(2)), closed, compared in length, and only then renamed to its place (rename(2)); the
 *   directories up to the root are synced before `put` resolves. It is as durable as the disk's own
 *   write cache is honest. When the very last sync fails, `put` fails, but an object that was replaced is
 *   already gone.
 * - **`ifAbsent`** is link(2), which never replaces: it holds between processes, and over NFS. Where
 *   there are no hard links (FAT, exFAT) a lock file holds between writers that all use `ifAbsent`.
 * - **After a crash** an unfinished file stays in `.holdfast-tmp`, invisible. The first `put` of a store
 *   and `sweep` remove what ended processes have left; files of other machines, containers or boots when they
 *   have not changed for a day, or for as long as `sweep` is told.
 * - **`delete`** is durable when it resolves, and removes the directories that it leaves empty.
 * - **`list`** leaves out links, devices and names that can be no key; no method follows a symbolic link
 *   below the directory. The directory itself may be one.
 * - A directory in the place of an object, or a file in the place of a directory, refuses a `put` with
 *   `OBJECT_STORE_INVALID`: on disk `a` and `a/b` cannot both be objects.
 * - A directory that was there and is gone (unmounted) is `OBJECT_STORE_UNAVAILABLE`, never an empty
 *   store. For a disk that may be absent from the start see {@link LocalObjectStoreOptions.create}.
 * - Where the file system does not tell cases apart, keys that differ only in case are one object.
 *
 * Reads and writes go in strokes of up to 1 MiB. `freeBytes` is what an unprivileged user may take.
 *
 * @param directory its path; a relative one is resolved against the working directory now
 * @throws `OBJECT_STORE_INVALID` when the path is empty
 */
export function localObjectStore(
  directory: string,
  options: LocalObjectStoreOptions = {},
): ObjectStore {
  if (directory === '') {
    throw new ObjectStoreError('invalid', 'The directory of an object store is an empty text.', {
      hint: 'Give the path of a directory.',
    });
  }
  return new LocalObjectStore(directory, options);
}
