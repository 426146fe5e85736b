import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { excluder } from '../sources/files/exclude.ts';
import { removeTree } from '../sources/remove-tree.ts';

type Matches = (path: string) => boolean;

/** @returns whether something below is kept */
async function keepBelow(directory: string, below: string, matches: Matches): Promise<boolean> {
  let isKept = false;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const place = join(directory, entry.name);
    // A directory that matches is kept with all that is in it.
    if (matches(path)) isKept = true;
    else if (!entry.isDirectory()) await rm(place);
    else if (await keepBelow(place, path, matches)) isKept = true;
    else await removeTree(place);
  }
  return isKept;
}

/**
 * Removes from a restored tree all that no pattern matches, but for the directories on the way.
 *
 * @param only patterns as of a file tree's `exclude`
 * @throws `RESTORE_PART_MISSING` nothing matches; `RESTORE_PART_UNSUPPORTED` it is no tree
 */
export async function keepOnly(root: string, only: readonly string[]): Promise<void> {
  if (!(await lstat(root)).isDirectory()) {
    throw new HoldfastError('RESTORE_PART_UNSUPPORTED', 'Of this backup no part can be restored.', {
      hint: '`only` chooses files of a tree, `tables` those of a database server. Restore all of it.',
      retryable: false,
    });
  }
  if (await keepBelow(root, '', excluder(only))) return;
  throw new HoldfastError('RESTORE_PART_MISSING', `The backup holds no ${only.join(', ')}.`, {
    hint: "A path is relative to the root of the tree: 'img/logo.png', 'img/**', '*.png'.",
    retryable: false,
    context: { only: [...only] },
  });
}
