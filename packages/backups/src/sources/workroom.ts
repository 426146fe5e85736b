import { lstat, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError, type Secret } from '@holdfast/core';
import { currentProcess, formatIdentity, isAlive, parseIdentity } from '@holdfast/core/process';
import type { StartChild } from './child.ts';
import { removeTree } from './remove-tree.ts';
import { endScratchServers } from './servers/scratch-server.ts';

/** What a source works with. */
export interface Workroom {
  /** A directory of its own, mode 0700, removed afterwards whatever happens. */
  readonly scratch: string;
  /** Aborts when the work is to be given up. Everything that waits must end soon after. */
  readonly signal: AbortSignal;
  /** Starts a program: killed, with all it started, when the signal aborts. */
  readonly startChild: StartChild;
  /**
   * The value of a secret, read anew with each call. What children print to stderr is scrubbed of it from
   * then on. Never for an argument: for a file of mode 0600, or the environment of the one child that needs it.
   *
   * @throws `SECRET_MISSING`, `SECRET_UNKNOWN_SCHEME`, `SECRET_RESOLVER_FAILED`
   */
  readonly secret: ReadSecret;
}

/** Gives the value of a secret. */
export type ReadSecret = (secret: Secret) => Promise<string>;

/** What the names of scratch directories begin with; hidden where other people's files are beside them. */
type Prefix = 'holdfast-' | '.holdfast-';

/**
 * Where scratch directories are made unless told otherwise: `holdfast-<uid>` in the system's directory for
 * temporary files.
 */
export function defaultScratchRoot(): string {
  return join(tmpdir(), `holdfast-${process.geteuid?.() ?? 'user'}`);
}

/** The process is part of the name: pid and start time tell who left a directory behind. */
function ownName(prefix: Prefix): string {
  return `${prefix}${formatIdentity(currentProcess()).replaceAll(':', '+')}-`;
}

/** Removes the scratch directories of processes that are certainly dead, and ends their servers. Others are left alone. */
async function sweepScratch(root: string, prefix: Prefix): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    const owner = name.startsWith(prefix)
      ? parseIdentity(name.slice(prefix.length, name.lastIndexOf('-')).replaceAll('+', ':'))
      : undefined;
    if (owner === undefined || isAlive(owner) !== 'dead') continue;
    const directory = join(root, name);
    await endScratchServers(directory).catch(() => undefined);
    await removeTree(directory).catch(() => undefined);
  }
}

/** Anybody may have made the default root first: in a directory for all, its name can be guessed. */
async function checkDefaultRoot(root: string): Promise<void> {
  const stats = await lstat(root);
  const uid = process.geteuid?.();
  if (stats.isDirectory() && (uid === undefined || stats.uid === uid)) return;
  throw new HoldfastError('SCRATCH_UNSAFE', `${root} belongs to somebody else.`, {
    hint: 'Remove it, or name another scratch directory.',
    retryable: false,
    context: { root },
  });
}

/**
 * Makes the default root, if need be.
 *
 * @throws `SCRATCH_UNSAFE` it belongs to another user
 */
export async function makeDefaultRoot(): Promise<string> {
  const root = defaultScratchRoot();
  await mkdir(root, { recursive: true, mode: 0o700 });
  await checkDefaultRoot(root);
  return root;
}

/**
 * Makes a scratch directory, works in it, and removes it, also when the work fails. What dead processes
 * left under the same root is swept first; so is, by a later process, what could not be removed.
 *
 * @param root made if it is missing, with mode 0700: dumps lie in it as plain data for a while
 * @throws `SCRATCH_UNSAFE` the default root belongs to another user
 */
export async function withScratch<T>(
  root: string,
  work: (scratch: string) => Promise<T>,
): Promise<T> {
  if (root === defaultScratchRoot()) await makeDefaultRoot();
  else await mkdir(root, { recursive: true, mode: 0o700 });
  return withDirectory(root, 'holdfast-', work);
}

/**
 * Like {@link withScratch}, but in a directory that is there, beside files of others: what is made in it
 * can be renamed to a place there.
 */
export async function withStaging<T>(
  beside: string,
  work: (staging: string) => Promise<T>,
): Promise<T> {
  return withDirectory(beside, '.holdfast-', work);
}

/** A directory that is swept by a later process when this one is killed. */
export interface SweptDirectory {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes a directory, mode 0700, in one that is there. What dead processes left there is swept first. */
export async function openDirectory(root: string, prefix: Prefix): Promise<SweptDirectory> {
  await sweepScratch(root, prefix);
  const path = await mkdtemp(join(root, ownName(prefix)));
  // The work's own outcome counts: a backup that was published is no failure for a directory left behind.
  return { path, remove: () => removeTree(path).catch(() => undefined) };
}

async function withDirectory<T>(
  root: string,
  prefix: Prefix,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await openDirectory(root, prefix);
  try {
    return await work(directory.path);
  } finally {
    await directory.remove();
  }
}
