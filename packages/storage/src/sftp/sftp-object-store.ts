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
  ObjectStoreProperties,
  PutOptions,
  SweepOptions,
  SweepReport,
} from '@holdfast/core';
import { ABANDONED_AFTER_MS } from '../local/temporary-names.ts';
import { SftpLink } from './link.ts';
import { listTree } from './list-tree.ts';
import { sftpSettings } from './options.ts';
import type { SftpObjectStoreOptions, SftpSettings } from './options.ts';
import { above, pathOf } from './paths.ts';
import { infoOf, lookAt, SftpPlace } from './place.ts';
import { attempt, isAbsence } from './problems.ts';
import { publish, refuseHopeless } from './publish.ts';
import { readFile } from './read-file.ts';
import { refuseServer, refuseWrite } from './refusals.ts';
import type { Requests } from './requests.ts';
import { syncDirectory } from './sync-directory.ts';
import { createTemporary, Leftovers, sweepTemporary } from './temporary-files.ts';
import { writeFile } from './write-file.ts';

type Signalled = { readonly signal?: AbortSignal };

const IF_ABSENT = { hardlink: true, looks: 'looks', refused: false } as const;

class SftpObjectStore implements ObjectStore {
  readonly url: string;
  readonly properties: ObjectStoreProperties;
  readonly #settings: SftpSettings;
  readonly #place: SftpPlace;
  readonly #link: SftpLink;
  readonly #leftovers: Leftovers;
  #swept: Promise<unknown> | undefined;

  constructor(options: SftpObjectStoreOptions) {
    this.#settings = sftpSettings(options);
    this.#place = new SftpPlace(this.#settings);
    this.#link = new SftpLink(this.#settings);
    this.#leftovers = new Leftovers(() => this.#link.open(undefined));
    this.url = this.#place.url;
    this.properties = {
      ifAbsent: IF_ABSENT[this.#settings.ifAbsent],
      serverSideCopy: false,
      maxObjectBytes: Number.MAX_SAFE_INTEGER,
      atomic: true,
    };
  }

  async put(key: string, body: ObjectBody, options: PutOptions = {}): Promise<ObjectInfo> {
    const { signal } = options;
    checkObjectKey(key);
    const ifAbsent = refuseWrite(key, options, this.#settings);
    const requests = await this.#link.open(signal);
    refuseServer(requests, this.#settings, ifAbsent);
    const root = await this.#place.findOrCreate(requests);
    await this.#sweepOnce(requests, root);
    await refuseHopeless(requests, root, key, ifAbsent !== undefined);
    const file = await createTemporary(requests, root, this.#settings.fileMode);
    try {
      const stats = await writeFile(requests, file, body, this.#settings);
      const { path } = file;
      const { directoryMode } = this.#settings;
      const reconnect = (): Promise<Requests> => this.#link.open(signal);
      await publish(requests, { root, key, path, ifAbsent, directoryMode, reconnect });
      return infoOf(key, stats);
    } catch (error) {
      const discarding = this.#leftovers.discard(file, requests);
      if (signal?.aborted !== true && !requests.isLost) await discarding;
      throw error;
    }
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    checkObjectKey(key);
    checkRange(key, options);
    const requests = await this.#link.open(options.signal);
    const root = await this.#place.find(requests);
    const path = root === undefined ? undefined : pathOf(root, key);
    const found = path === undefined ? undefined : await lookAt(requests, path);
    if (path === undefined || found?.kind !== 'object') {
      throw new ObjectStoreError('missing', `There is no object '${key}' in ${this.url}.`, {
        context: { key },
      });
    }
    yield* readFile(requests, path, options, this.#settings);
  }

  async head(key: string, options: Signalled = {}): Promise<ObjectInfo | undefined> {
    checkObjectKey(key);
    const requests = await this.#link.open(options.signal);
    const root = await this.#place.find(requests);
    const found = root === undefined ? undefined : await lookAt(requests, pathOf(root, key));
    return found?.kind === 'object' ? infoOf(key, found.stats) : undefined;
  }

  async *list(
    prefix: string,
    options: Signalled = {},
  ): AsyncGenerator<ObjectInfo, void, undefined> {
    checkObjectPrefix(prefix);
    const requests = await this.#link.open(options.signal);
    const root = await this.#place.find(requests);
    if (root === undefined) return;
    yield* listTree(requests, root, prefix);
    // A directory that went away meanwhile must not look like an empty store.
    await this.#place.find(requests);
  }

  async delete(key: string, options: Signalled = {}): Promise<void> {
    checkObjectKey(key);
    const requests = await this.#link.open(options.signal);
    const root = await this.#place.find(requests);
    if (root === undefined) return;
    const path = pathOf(root, key);
    if ((await lookAt(requests, path))?.kind !== 'object') return;
    const unlinking = requests.unlink(path).catch((error: unknown) => {
      if (!isAbsence(error)) throw error;
    });
    await attempt(`delete '${path}'`, unlinking);
    await syncDirectory(requests, above(path));
    // A directory that is not empty refuses; a write that had just made one makes it again.
    for (let at = above(path); at.length > root.length; at = above(at)) {
      const removed = await requests.rmdir(at).then(
        () => true,
        (error: unknown) => isAbsence(error),
      );
      if (!removed) return;
    }
  }

  async sweep(options: SweepOptions = {}): Promise<SweepReport> {
    const { olderThan = ABANDONED_AFTER_MS, signal } = options;
    const before = Date.now() - durationMs(olderThan, 'olderThan');
    const requests = await this.#link.open(signal);
    await this.#leftovers.removeLeft();
    const root = await this.#place.find(requests);
    if (root === undefined) return { removed: 0 };
    return { removed: await sweepTemporary(requests, root, before) };
  }

  async freeBytes(): Promise<number | undefined> {
    const requests = await this.#link.open(undefined);
    const root = await this.#place.find(requests);
    const asking = root === undefined ? undefined : requests.room(root);
    return (await attempt(`ask for the room in ${this.url}`, Promise.resolve(asking)))?.freeBytes;
  }

  async close(): Promise<void> {
    await this.#leftovers.settle();
    await this.#link.close();
  }

  /** The first write removes what ended processes have left; it never fails for that. */
  async #sweepOnce(requests: Requests, root: string): Promise<void> {
    const before = Date.now() - ABANDONED_AFTER_MS;
    this.#swept ??= sweepTemporary(requests.unsignalled, root, before).catch(() => undefined);
    await this.#swept;
  }
}

/**
 * An object store in a directory of an SFTP server. The package `ssh2` has to be installed beside this one; it is
 * loaded with the first call. A key is a path below the directory; what is there is plain files.
 *
 * - **The server is known by its key**: without {@link SftpObjectStoreOptions.hostKey} from `~/.ssh/known_hosts`. One that
 *   shows another key is refused with `HOST_KEY_MISMATCH`, one that is not known with `HOST_KEY_UNKNOWN`, before anything is
 *   sent to it.
 * - **Atomic and durable.** A body is written to a file in `.holdfast-tmp` at the root, synced (fsync@openssh.com), closed,
 *   compared in length, and only then renamed to its place in one step (posix-rename@openssh.com); then the
 *   directories are synced, where the server opens them (OpenSSH's does). A server without these extensions is refused with
 *   `OBJECT_STORE_INVALID` before the body is read.
 * - **`ifAbsent`** is hardlink@openssh.com, which never replaces, see {@link SftpObjectStoreOptions.ifAbsent}.
 * - **Fast and bounded.** 32 requests of 128 KiB are under way at once: 4 MiB of memory for each body.
 * - **A lost connection** fails the calls under way with `OBJECT_STORE_UNAVAILABLE`; the next call connects anew. A `put`
 *   that loses it while it is published finds out over another one whether it was, and ends accordingly; only where
 *   the server cannot be reached, or does not tell how many names a file has (for `ifAbsent`; OpenSSH's does), it says that
 *   it does not know. A `put` that is aborted while it is published may still be done.
 * - **`delete`** is durable when it resolves, where the server syncs directories, and removes those that it leaves empty.
 * - **After a crash** an unfinished file stays in `.holdfast-tmp`, invisible. The first `put` of a store and `sweep` remove
 *   what ended processes of this machine have left; files of other machines when they have not changed for a day, or for as
 *   long as `sweep` is told, by the server's time and this machine's.
 * - No method follows a symbolic link below the directory; `a` and `a/b` cannot both be objects. Times are whole seconds.
 * - An open connection keeps the process alive: call `close`.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function sftpObjectStore(options: SftpObjectStoreOptions): ObjectStore {
  return new SftpObjectStore(options);
}
