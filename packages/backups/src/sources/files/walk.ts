import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { excluder } from './exclude.ts';
import { type FileFacts, lookAt, lookAtAll } from './file-facts.ts';
import type { FilesSpec } from './spec.ts';

/** One thing found in a tree. */
export interface Found {
  /** Relative to the root, `/` between its parts; '.' is the root. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly facts: FileFacts;
}

/** What a walk gave. */
export interface Walk {
  /** The root, symlinks on the way to it resolved: they may be pointed elsewhere meanwhile. */
  readonly root: string;
  /** Directories before what is in them; names within one in order of their code units. */
  readonly found: readonly Found[];
  /** Sockets, pipes and devices: left out. */
  readonly special: readonly string[];
  /** Gone between being listed and being looked at. */
  readonly vanished: readonly string[];
}

/** An error of a file system call on a part of the tree. */
function unreadable(path: string, error: unknown): HoldfastError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return new HoldfastError(
    'SOURCE_UNREADABLE',
    `${JSON.stringify(path)} cannot be read (${code}).`,
    {
      hint: 'Give this process the right to read it, or exclude it. Nothing was published.',
      retryable: code !== 'EACCES' && code !== 'EPERM',
      cause: error,
      context: { path },
    },
  );
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** A name as text. File systems allow any bytes; a tar header of ours, a manifest and a shell do not. */
function nameOf(bytes: Buffer): { readonly name: string; readonly exact: boolean } {
  const name = bytes.toString('utf8');
  return { name, exact: Buffer.from(name, 'utf8').equals(bytes) };
}

function refuseName(root: string, path: string): HoldfastError {
  return new HoldfastError(
    'SOURCE_NAME_UNSUPPORTED',
    `The name ${JSON.stringify(path)} in ${root} is not UTF-8; it could not be restored as it is.`,
    {
      hint: "Rename the file, or exclude it (a byte that is no UTF-8 matches '?').",
      retryable: false,
      context: { root, path },
    },
  );
}

class Walker {
  readonly found: Found[] = [];
  readonly special: string[] = [];
  readonly vanished: string[] = [];
  readonly root: string;
  readonly #excluded: (path: string) => boolean;
  readonly #signal: AbortSignal;

  constructor(root: string, spec: FilesSpec, signal: AbortSignal) {
    this.root = root;
    this.#excluded = excluder(spec.exclude);
    this.#signal = signal;
  }

  async enter(directory: string): Promise<void> {
    const names = await this.#list(directory);
    const paths: string[] = [];
    for (const { name, exact } of names) {
      const path = directory === '.' ? name : `${directory}/${name}`;
      if (this.#excluded(path)) continue;
      if (!exact) throw refuseName(this.root, path);
      paths.push(path);
    }
    for await (const [path, facts] of lookAtAll(paths, (one) => join(this.root, one))) {
      this.#signal.throwIfAborted();
      await this.#take(path, facts);
    }
  }

  async #list(directory: string): Promise<{ name: string; exact: boolean }[]> {
    const path = join(this.root, directory);
    try {
      const names = await readdir(path, { encoding: 'buffer' });
      return names.map(nameOf).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (!isGone(error) || directory === '.') throw unreadable(path, error);
      return [];
    }
  }

  async #take(path: string, facts: FileFacts | NodeJS.ErrnoException): Promise<void> {
    if (facts instanceof Error) {
      if (!isGone(facts)) throw unreadable(join(this.root, path), facts);
      this.vanished.push(path);
      return;
    }
    const { type } = facts;
    if (type === 'special') {
      this.special.push(path);
      return;
    }
    this.found.push({ path, type, facts });
    if (type === 'directory') await this.enter(path);
  }
}

function rootError(code: string, path: string, why: string): HoldfastError {
  return new HoldfastError(code, `${path} ${why}.`, {
    hint: 'Name the root directory of the tree.',
    retryable: false,
    context: { path },
  });
}

async function resolveRoot(path: string): Promise<string> {
  return realpath(path).catch((error: unknown) => {
    if (!isGone(error)) throw unreadable(path, error);
    throw rootError('SOURCE_MISSING', path, 'is not there');
  });
}

/** @throws `SOURCE_MISSING`, `SOURCE_INVALID` (it is no directory), `SOURCE_UNREADABLE` */
export async function locateRoot(
  path: string,
): Promise<{ readonly root: string; readonly facts: FileFacts }> {
  const root = await resolveRoot(path);
  const facts = await lookAt(root);
  if (facts instanceof Error) throw unreadable(path, facts);
  if (facts.type !== 'directory') throw rootError('SOURCE_INVALID', path, 'is no directory');
  return { root, facts };
}

/**
 * Walks a tree, following no symlink but those on the way to its root.
 *
 * @throws `SOURCE_MISSING`, `SOURCE_INVALID` (the root is no directory), `SOURCE_UNREADABLE`,
 *   `SOURCE_NAME_UNSUPPORTED` (a name that is not UTF-8), or the signal's reason
 */
export async function walkTree(spec: FilesSpec, signal: AbortSignal): Promise<Walk> {
  const { root, facts } = await locateRoot(spec.path);
  const walker = new Walker(root, spec, signal);
  walker.found.push({ path: '.', type: 'directory', facts });
  await walker.enter('.');
  return walker;
}
