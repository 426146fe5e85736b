import { ObjectStoreError } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import type { Stats } from 'ssh2';
import type { SftpSettings } from './options.ts';
import { above } from './paths.ts';
import { asStoreError, attempt, isAbsence, isPlainFailure } from './problems.ts';
import type { Requests } from './requests.ts';
import { syncDirectory } from './sync-directory.ts';

/** SFTP tells whole seconds. */
export function infoOf(key: string, { size, mtime }: Stats): ObjectInfo {
  return { key, bytes: size, modifiedAt: mtime * 1000 };
}

/** Looks at a path, following no link at its end; undefined when nothing is there. */
async function statsAt(requests: Requests, path: string): Promise<Stats | undefined> {
  try {
    return await requests.lstat(path);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw asStoreError(error, `look at '${path}'`);
  }
}

/**
 * Whether a directory below the root is there.
 *
 * @throws `OBJECT_STORE_INVALID` when a symbolic link is on the way to it
 */
export async function isDirectoryThere(requests: Requests, path: string): Promise<boolean> {
  let real: string;
  try {
    real = await requests.realpath(path);
  } catch (error) {
    if (isAbsence(error)) return false;
    throw asStoreError(error, `look for '${path}'`);
  }
  if (real !== path) {
    throw new ObjectStoreError('invalid', `'${path}' is in fact '${real}': a link.`, {
      hint: 'The store follows no symbolic links. Put a directory there.',
    });
  }
  // Servers tell the real path of what is not there, too.
  return (await statsAt(requests, path))?.isDirectory() === true;
}

/** What is at the place of an object; undefined when nothing is. */
export type Found =
  | { readonly kind: 'object'; readonly stats: Stats }
  | { readonly kind: 'directory' }
  | undefined;

/**
 * Looks at the place of an object.
 *
 * @throws `OBJECT_STORE_INVALID` when a link, a device or a pipe is in its place
 */
export async function lookAt(requests: Requests, path: string): Promise<Found> {
  const [isThere, stats] = await Promise.all([
    isDirectoryThere(requests, above(path)),
    statsAt(requests, path),
  ]);
  if (!isThere || stats === undefined) return undefined;
  if (stats.isFile()) return { kind: 'object', stats };
  if (stats.isDirectory()) return { kind: 'directory' };
  throw new ObjectStoreError('invalid', `'${path}' is neither a file nor a directory.`, {
    hint: 'The store follows no symbolic links and reads no devices. Take it away.',
  });
}

/** Makes a directory, unless it is there; one that another call has just made will do. */
export async function makeDirectory(requests: Requests, path: string, mode: number): Promise<void> {
  try {
    await requests.mkdir(path, mode);
  } catch (error) {
    if (!isPlainFailure(error)) throw error;
    const stats = await statsAt(requests, path);
    if (stats === undefined) throw error;
    if (stats.isFile()) throw inTheWay(path, 'an object, not a directory');
  }
}

export function inTheWay(path: string, is: string): ObjectStoreError {
  return new ObjectStoreError('invalid', `'${path}' is ${is}.`, {
    hint: 'On a server an object is a file: no key can be the directory of another. Use another key.',
    context: { path },
  });
}

/** The directory on the server that a store keeps its objects in. */
export class SftpPlace {
  readonly settings: SftpSettings;
  /** Names the place, without the user. */
  readonly url: string;
  #seen = false;

  constructor(settings: SftpSettings) {
    const { host, directory } = settings.options;
    const name = host.includes(':') ? `[${host}]` : host;
    const port = settings.port === 22 ? '' : `:${settings.port}`;
    // A path from the login's own directory begins with ~, see draft-ietf-secsh-scp-sftp-ssh-uri.
    const path = directory.startsWith('/') ? directory : `/~/${directory}`;
    this.url = new URL(`sftp://${name}${port}${encodeURI(path)}`).href;
    this.settings = settings;
  }

  /**
   * Its real path; undefined when it is still to be created.
   *
   * @throws `OBJECT_STORE_UNAVAILABLE` when it should be there and is not
   */
  async find(requests: Requests): Promise<string | undefined> {
    const real = await this.#real(requests);
    if (real !== undefined) {
      this.#seen = true;
      return real;
    }
    if (this.settings.create && !this.#seen) return undefined;
    throw new ObjectStoreError('unavailable', `The directory of ${this.url} is not there.`, {
      hint: 'Mount the disk it is on; or create the directory, if the store is to be new.',
    });
  }

  /** Its real path; creates it where that is allowed. */
  async findOrCreate(requests: Requests): Promise<string> {
    const real = await this.find(requests);
    if (real !== undefined) return real;
    await attempt(`create ${this.url}`, this.#create(requests));
    return (await this.find(requests)) as string;
  }

  async #real(requests: Requests): Promise<string | undefined> {
    const { directory } = this.settings.options;
    try {
      const real = await requests.realpath(directory);
      if ((await requests.stat(real)).isDirectory()) return real;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw asStoreError(error, `open ${this.url}`);
    }
    throw new ObjectStoreError('invalid', `The place of the store, ${this.url}, is no directory.`, {
      hint: 'Give a directory.',
    });
  }

  async #create(requests: Requests): Promise<void> {
    const { options, directoryMode } = this.settings;
    const { directory } = options;
    for (let end = directory.indexOf('/', 1); ; end = directory.indexOf('/', end + 1)) {
      const path = end < 0 ? directory : directory.slice(0, end);
      // What is above may well be somebody else's, and there.
      if (
        !(await requests.stat(path).then(
          () => true,
          () => false,
        ))
      ) {
        await makeDirectory(requests, path, directoryMode);
        await syncDirectory(requests, above(path));
      }
      if (end < 0) return;
    }
  }
}
