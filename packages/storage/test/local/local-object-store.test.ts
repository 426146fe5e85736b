import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ObjectStoreError } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { objectStoreSuite } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import { all, emptyDirectory, openFilesBelow, unfinishedIn } from './places.ts';

objectStoreSuite('localObjectStore', async () => {
  const directory = await emptyDirectory();
  const store = localObjectStore(directory);
  return {
    store,
    reopen: async () => localObjectStore(directory),
    ...(platform() === 'linux' ? { held: () => openFilesBelow(directory) } : {}),
    close: () => store.close(),
  };
});

const BYTES = Buffer.from('some bytes');

async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  return (await all(store.list(prefix))).map(({ key }) => key);
}

async function read(store: ObjectStore, key: string): Promise<string> {
  return Buffer.concat(await all(store.get(key))).toString();
}

function problem(kind: string, part: string): unknown {
  return expect.objectContaining({ problem: kind, message: expect.stringContaining(part) });
}

async function opened(): Promise<{ directory: string; store: ObjectStore }> {
  const directory = await emptyDirectory();
  return { directory, store: localObjectStore(directory) };
}

describe('files and directories', () => {
  it('keeps an object as a plain file under its key', async () => {
    const { directory, store } = await opened();
    await store.put('orders/2026/dump.zst', BYTES);
    expect(await readFile(join(directory, 'orders/2026/dump.zst'))).toEqual(BYTES);
    expect(await unfinishedIn(directory)).toEqual([]);
    expect(store.url).toBe(pathToFileURL(directory).href);
  });

  it('lets the owner alone read, unless told otherwise', async () => {
    const { directory, store } = await opened();
    await store.put('a/b', BYTES);
    expect((await stat(join(directory, 'a/b'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'a'))).mode & 0o777).toBe(0o700);
    const shared = localObjectStore(directory, { fileMode: 0o640, directoryMode: 0o750 });
    await shared.put('c/d', BYTES);
    expect((await stat(join(directory, 'c/d'))).mode & 0o777).toBe(0o640);
    expect((await stat(join(directory, 'c'))).mode & 0o777).toBe(0o750);
  });

  it('refuses an object in the place of a directory before it reads the body', async () => {
    const { directory, store } = await opened();
    await store.put('a/b/c', BYTES);
    const untouched = {
      [Symbol.asyncIterator]: (): never => {
        throw new Error('the body was read');
      },
    };
    const place = problem('invalid', `'${join(directory, 'a/b')}' is a directory`);
    await expect(store.put('a/b', untouched)).rejects.toEqual(place);
    await expect(store.put('a/b', BYTES, { ifAbsent: true })).rejects.toEqual(place);
    expect(await store.head('a/b')).toBeUndefined();
    await expect(read(store, 'a/b')).rejects.toEqual(problem('missing', 'It is a directory.'));
    await store.delete('a/b');
    expect(await keysOf(store)).toEqual(['a/b/c']);
  });

  it('refuses a directory in the place of an object, and names it', async () => {
    const { directory, store } = await opened();
    await store.put('a/b', BYTES);
    const way = problem('invalid', `'${join(directory, 'a/b')}' is an object`);
    await expect(store.put('a/b/c', BYTES)).rejects.toEqual(way);
    await expect(store.put('a/b/c/d/e', BYTES, { ifAbsent: true })).rejects.toEqual(way);
    expect(await read(store, 'a/b')).toBe(BYTES.toString());
  });

  it('removes the directories that a delete leaves empty, and no other', async () => {
    const { directory, store } = await opened();
    await store.put('a/b/c/d', BYTES);
    await store.put('a/x', BYTES);
    await store.delete('a/b/c/d');
    expect(await readdir(join(directory, 'a'))).toEqual(['x']);
    await store.delete('a/x');
    expect(await readdir(directory)).toEqual(['.holdfast-tmp']);
  });

  it('keeps its unfinished files out of reach', async () => {
    const { directory, store } = await opened();
    await store.put('a', BYTES);
    await writeFile(join(directory, '.holdfast-tmp', 'note'), 'x');
    expect(await keysOf(store)).toEqual(['a']);
    const invalid = { code: 'OBJECT_KEY_INVALID' };
    await expect(keysOf(store, '.holdfast-tmp/')).rejects.toMatchObject(invalid);
    await expect(read(store, '.holdfast-tmp/note')).rejects.toMatchObject(invalid);
  });

  it('leaves out what other programs have put there', async () => {
    const { directory, store } = await opened();
    await store.put('a', BYTES);
    await writeFile(join(directory, 'back\\slash'), 'x');
    await writeFile(join(directory, 'e\u0301'), 'x');
    await writeFile(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]), 'x');
    await mkdir(join(directory, 'empty/empty'), { recursive: true });
    expect(await keysOf(store)).toEqual(['a']);
  });
});

describe('symbolic links', () => {
  it('are never followed out of the store', async () => {
    const { directory, store } = await opened();
    const outside = await emptyDirectory();
    await writeFile(join(outside, 'secret'), 'secret');
    await store.put('a', BYTES);
    await symlink(outside, join(directory, 'way'));
    await symlink(join(outside, 'secret'), join(directory, 'file'));
    expect(await keysOf(store)).toEqual(['a']);
    for (const key of ['way/secret', 'file']) {
      await expect(store.head(key)).rejects.toEqual(problem('invalid', directory));
      await expect(read(store, key)).rejects.toEqual(problem('invalid', directory));
      await expect(store.put(key, BYTES)).rejects.toEqual(problem('invalid', directory));
      await expect(store.delete(key)).rejects.toEqual(problem('invalid', directory));
    }
    await expect(store.put('way/new/deep', BYTES)).rejects.toEqual(problem('invalid', directory));
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  it('may lead to the store itself', async () => {
    const directory = await emptyDirectory();
    await symlink(directory, join(await emptyDirectory(), 'store'));
    const store = localObjectStore(directory);
    await store.put('a/b', BYTES);
    expect(await read(store, 'a/b')).toBe(BYTES.toString());
    expect(await keysOf(store)).toEqual(['a/b']);
  });
});

describe('the directory of a store', () => {
  it('is created with the first write, not before', async () => {
    const directory = join(await emptyDirectory(), 'new', 'store');
    const store = localObjectStore(directory);
    expect(await keysOf(store)).toEqual([]);
    expect(await store.head('a')).toBeUndefined();
    await store.delete('a');
    await expect(read(store, 'a')).rejects.toEqual(problem('missing', 'a'));
    expect(await store.freeBytes!()).toBeGreaterThan(0);
    await expect(stat(directory)).rejects.toThrow('ENOENT');
    await store.put('a', BYTES);
    expect(await keysOf(store)).toEqual(['a']);
  });

  it('is not created when it has to be there: a disk that is not mounted is no empty store', async () => {
    const directory = join(await emptyDirectory(), 'mount', 'store');
    const store = localObjectStore(directory, { create: false });
    const gone = problem('unavailable', `'${directory}', is not there`);
    await expect(store.put('a', BYTES)).rejects.toEqual(gone);
    await expect(keysOf(store)).rejects.toEqual(gone);
    await expect(store.head('a')).rejects.toEqual(gone);
    await expect(read(store, 'a')).rejects.toEqual(gone);
    await expect(store.delete('a')).rejects.toEqual(gone);
    await expect(store.freeBytes!()).rejects.toEqual(gone);
    await expect(stat(directory)).rejects.toThrow('ENOENT');
    await mkdir(directory, { recursive: true });
    await store.put('a', BYTES);
    expect(await keysOf(store)).toEqual(['a']);
  });

  it('is not created a second time when it has gone away', async () => {
    const { directory, store } = await opened();
    await store.put('a/b', BYTES);
    await rename(directory, `${directory}-away`);
    await expect(store.put('a/c', BYTES)).rejects.toEqual(problem('unavailable', 'is not there'));
    await expect(keysOf(store)).rejects.toEqual(problem('unavailable', 'is not there'));
    await rename(`${directory}-away`, directory);
    expect(await keysOf(store)).toEqual(['a/b']);
  });

  it('does not end a listing as if it were whole when it goes away meanwhile', async () => {
    const { directory, store } = await opened();
    for (const key of ['a/1', 'b/1', 'c/1']) await store.put(key, BYTES);
    const listing = async (): Promise<void> => {
      for await (const { key } of store.list('')) {
        if (key === 'a/1') await rename(directory, `${directory}-away`);
      }
    };
    const failure = await listing().catch((error: unknown) => error);
    await rename(`${directory}-away`, directory);
    expect(failure).toEqual(problem('unavailable', 'went away while it was listed'));
  });

  it('must be a directory, and named', async () => {
    const file = join(await emptyDirectory(), 'file');
    await writeFile(file, 'x');
    await expect(localObjectStore(file).put('a', BYTES)).rejects.toEqual(problem('invalid', file));
    await expect(localObjectStore(join(file, 'below')).head('a')).rejects.toEqual(
      problem('invalid', file),
    );
    expect(() => localObjectStore('')).toThrow(ObjectStoreError);
  });
});

describe('a read whose chunks are lent', () => {
  it('goes round in the same memory, and one whose chunks are not in none that was given', async () => {
    const { store } = await opened();
    await store.put('a', new Uint8Array(20 * 1024 * 1024));
    const memories = async (lent: boolean): Promise<number> => {
      const seen = new Set<ArrayBufferLike>();
      for await (const { buffer } of store.get('a', { lent })) seen.add(buffer);
      return seen.size;
    };
    expect(await memories(true)).toBeLessThanOrEqual(3);
    expect(await memories(false)).toBeGreaterThan(5);
  });
});

describe('a file that is cut while it is read', () => {
  it('ends the read with an error, not early', async () => {
    const { directory, store } = await opened();
    await store.put('a', new Uint8Array(7 * 1024 * 1024));
    const chunks = store.get('a')[Symbol.asyncIterator]();
    await chunks.next();
    await writeFile(join(directory, 'a'), 'short');
    const rest = async (): Promise<void> => {
      while ((await chunks.next()).done !== true);
    };
    await expect(rest()).rejects.toEqual(problem('incomplete', 'ended at'));
  });
});
