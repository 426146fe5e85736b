import { mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, fileTree, restoreFromStore, verifyBackup } from '@holdfast/backups';

const GIB = 1024 ** 3;
const SIZE = 20 * GIB;
/** What lies at both ends and in the middle. */
const MARK = Buffer.alloc(8192, 'mark');
const PLACES = [0, 11 * GIB, SIZE - MARK.length];
/** The most that the file and its copies take of the disk. */
const MOST_BYTES = 1024 * 1024;

async function readMarks(path: string): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const marks: string[] = [];
    for (const place of PLACES) {
      const { buffer } = await file.read(Buffer.alloc(MARK.length), 0, MARK.length, place);
      marks.push(buffer.toString());
    }
    return marks;
  } finally {
    await file.close();
  }
}

it('backs up a sparse file of 20 GB, proves it, and brings it back as sparse as it was', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sparse-file-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const path = join(root, 'disks');
  await mkdir(path);
  const file = await open(join(path, 'disk.img'), 'w');
  for (const place of PLACES) await file.write(MARK, 0, MARK.length, place);
  await file.close();
  const store = memoryObjectStore();
  const scratchRoot = join(root, 'scratch');
  const source = fileTree({ name: 'disks', path });
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  expect(backup.plainBytes).toBeLessThan(MOST_BYTES);
  await verifyBackup({ backup, store, scratchRoot });
  const to = join(root, 'back');
  await restoreFromStore({ backup, store, to });
  const back = await stat(join(to, 'disk.img'));
  expect(back.size).toBe(SIZE);
  expect(back.blocks * 512).toBeLessThan(MOST_BYTES);
  expect(await readMarks(join(to, 'disk.img'))).toEqual(PLACES.map(() => MARK.toString()));
}, 300_000);
