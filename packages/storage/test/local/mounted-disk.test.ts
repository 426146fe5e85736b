import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import { all, emptyDirectory, needs, unfinishedIn } from './places.ts';

const MIB = 1024 * 1024;

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** A disk of 4 MiB on a directory; unmounted with the test. */
function mountSmallDisk(directory: string): boolean {
  const mounted = run('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory);
  if (mounted) onTestFinished(() => void run('umount', directory));
  return mounted;
}

beforeEach(async (context) => {
  const probe = await emptyDirectory();
  const may = platform() === 'linux' && process.getuid?.() === 0 && mountSmallDisk(probe);
  needs(may, 'only root on Linux may mount a disk for it', context.skip);
});

async function* body(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= MIB / 4)
    yield Buffer.alloc(Math.min(left, MIB / 4), 'x');
}

describe('a full disk', () => {
  it('refuses a write, keeps what was there, and takes a smaller one', async () => {
    const directory = await emptyDirectory();
    mountSmallDisk(directory);
    const store = localObjectStore(directory);
    await store.put('a/old', body(2 * MIB));
    const full = { code: 'OBJECT_STORE_FULL', problem: 'full', retryable: false };
    await expect(store.put('a/old', body(3 * MIB))).rejects.toMatchObject(full);
    await expect(store.put('b/new', body(8 * MIB))).rejects.toMatchObject(full);
    // One write, of which the disk takes a part.
    await expect(store.put('b/new', new Uint8Array(5 * MIB))).rejects.toMatchObject(full);
    expect(await all(store.list(''))).toMatchObject([{ key: 'a/old', bytes: 2 * MIB }]);
    expect(await unfinishedIn(directory)).toEqual([]);
    const free = (await store.freeBytes!())!;
    expect(free).toBeGreaterThan(MIB);
    expect(free).toBeLessThanOrEqual(2 * MIB);
    await store.put('b/new', body(MIB));
    expect(await store.freeBytes!()).toBe(free - MIB);
  });
});

describe('a disk below a store', () => {
  it('is refused, as nothing can be renamed into it', async () => {
    const directory = await emptyDirectory();
    await mkdir(join(directory, 'disk'));
    mountSmallDisk(join(directory, 'disk'));
    const store = localObjectStore(directory);
    for (const ifAbsent of [false, true]) {
      await expect(store.put('disk/a', body(10), { ifAbsent })).rejects.toMatchObject({
        problem: 'invalid',
        message: expect.stringContaining(join(directory, 'disk/a')),
        hint: expect.stringContaining('Another file system'),
      });
    }
    expect(await unfinishedIn(directory)).toEqual([]);
  });
});

describe('a disk that is unmounted', () => {
  it('makes its store unavailable, and nothing is written into the mount point', async () => {
    const mountPoint = await emptyDirectory();
    mountSmallDisk(mountPoint);
    const directory = join(mountPoint, 'holdfast');
    for (const create of [true, false]) {
      const store = localObjectStore(directory, { create });
      if (create) await store.put('a', body(10));
      expect(await all(store.list(''))).toHaveLength(1);
      run('umount', mountPoint);
      const gone = { problem: 'unavailable', retryable: true };
      await expect(store.put('b', body(10))).rejects.toMatchObject(gone);
      await expect(all(store.list(''))).rejects.toMatchObject(gone);
      expect(await readdir(mountPoint)).toEqual([]);
      mountSmallDisk(mountPoint);
      await mkdir(directory);
      await localObjectStore(directory).put('a', body(10));
    }
  });
});
