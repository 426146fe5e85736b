import { lstat, mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { currentProcess, formatIdentity, isAlive, parseIdentity } from '@holdfast/core/process';
import type { StartChild } from './child.ts';
import { removeTree } from './remove-tree.ts';

/** What a source works with. */
export interface Workroom {
  /** A directory of its own, mode 0700, removed afterwards whatever happens. */
  readonly scratch: string;
  /** Aborts when the work is to be given up. Everything that waits must end soon after. */
  readonly signal: AbortSignal;
  /** Starts a program: killed, with all it started, when the signal aborts. */
  readonly startChild: StartChild;
}

const PREFIX = 'holdfast-';

/**
 * Where scratch directories are made unless told otherwise: `holdfast-<uid>` in the system's directory for
 * temporary files.
 */
export function defaultScratchRoot(): string {
  return join(tmpdir(), `holdfast-${process.geteuid?.() ?? 'user'}`);
}

/** The process is part of the name: pid and start time tell who left a directory behind. */
function ownName(): string {
  return `${PREFIX}${formatIdentity(currentProcess()).replaceAll(':', '+')}-`;
}

/** Removes the scratch directories of processes that are certainly dead. Others are left alone. */
export async function sweepScratch(root: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of await readdir(root).catch(() => [])) {
    const owner = name.startsWith(PREFIX)
      ? parseIdentity(name.slice(PREFIX.length, name.lastIndexOf('-')).replaceAll('+', ':'))
      : undefined;
    if (owner === undefined || isAlive(owner) !== 'dead') continue;
    const isSwept = await removeTree(join(root, name)).then(
      () => true,
      () => false,
    );
    if (isSwept) swept.push(name);
  }
  return swept;
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
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (root === defaultScratchRoot()) await checkDefaultRoot(root);
  await sweepScratch(root);
  const scratch = await mkdtemp(join(root, ownName()));
  try {
    return await work(scratch);
  } finally {
    // The work's own outcome counts: a backup that was published is no failure for a directory left behind.
    await removeTree(scratch).catch(() => undefined);
  }
}
