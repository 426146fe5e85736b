import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import { createBackup, fileTree, verifyBackup } from '@holdfast/backups';
import { keysOf, leftIn, testRooms } from './support/rooms.ts';

const rooms = testRooms();
let tree: string;

beforeEach(async () => {
  tree = join(rooms.root, 'tree');
  await mkdir(join(tree, 'sub'), { recursive: true });
  await writeFile(join(tree, 'a'), 'content');
  await writeFile(join(tree, 'sub', 'passwd'), 'mine');
});

/** Makes a backup of the tree, which is changed after it was walked and before it is archived. */
async function dumpWhile(change: () => Promise<void>) {
  const store = memoryObjectStore();
  const source = fileTree({ name: 'tree', path: tree });
  const { scratchRoot } = rooms;
  const made = createBackup({
    source,
    store,
    storeName: 'primary',
    scratchRoot,
    startChild: async (command, options) => {
      if (options?.args?.includes('--create') === true) await change();
      return startChild(command, options);
    },
  });
  return { store, made };
}

async function expectRefused(change: () => Promise<void>): Promise<void> {
  const { store, made } = await dumpWhile(change);
  await expect(made).rejects.toMatchObject({ code: 'DUMP_INCOMPLETE', retryable: true });
  expect(await keysOf(store)).toEqual([]);
  expect(await leftIn(rooms.scratchRoot)).toEqual([]);
}

describe('a tree that changes between walk and archive', () => {
  it('is refused when its root is another directory by then: unmounted, or swapped', async () => {
    await expectRefused(async () => {
      await rename(tree, `${tree}-before`);
      await mkdir(tree);
    });
  });

  it('is refused when its root is gone', async () => {
    await expectRefused(() => rm(tree, { recursive: true }));
  });

  it('is refused when a file has become a pipe', async () => {
    await expectRefused(async () => {
      await rm(join(tree, 'a'));
      execFileSync('mkfifo', [join(tree, 'a')]);
    });
  });

  it('is refused when a directory has become a symlink that leads out', async () => {
    await expectRefused(async () => {
      await rm(join(tree, 'sub'), { recursive: true });
      await symlink('/etc', join(tree, 'sub'));
    });
  });

  it('is taken with a warning when single files vanish or change their type', async () => {
    const { store, made } = await dumpWhile(async () => {
      await rm(join(tree, 'sub'), { recursive: true });
      await rm(join(tree, 'a'));
      await mkdir(join(tree, 'a'));
    });
    const backup = await made;
    expect(backup.warnings).toEqual([
      '1 files changed while they were read: "a".',
      '2 files vanished before they were read: "sub", "sub/passwd".',
    ]);
    await verifyBackup({ backup, store, scratchRoot: rooms.scratchRoot });
  });
});
