import { execFileSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HoldfastError, memoryObjectStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import {
  createBackup,
  fileTree,
  restoreFromStore,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { MemberLog } from '../src/sources/files/member-log.ts';
import { bytesOf, keysOf, testRooms } from './support/rooms.ts';
import { archive, type Entry } from './support/tar-blocks.ts';

const rooms = testRooms();
const MIB = 1024 * 1024;
const { signal } = new AbortController();

/** Regions of a file, by the MiB that they begin at; all else is holes. */
const FILES: { readonly [name: string]: { size: number; at: readonly number[] } } = {
  'all hole': { size: 40 * MIB, at: [] },
  'begins with data': { size: 60 * MIB + 17, at: [0] },
  'ends with data 😀\n': { size: 30 * MIB + 65_536, at: [30] },
  'many regions': { size: 100 * MIB, at: Array.from({ length: 30 }, (_, n) => n * 3 + 1) },
};

async function makeTree(root: string): Promise<void> {
  await mkdir(root);
  for (const [name, { size, at }] of Object.entries(FILES)) {
    const file = await open(join(root, name), 'w');
    await file.truncate(size);
    for (const mebibyte of at) await file.write(randomBytes(65_536), 0, 65_536, mebibyte * MIB);
    await file.close();
  }
  await writeFile(join(root, 'plain'), randomBytes(5000));
}

async function backedUp() {
  const path = join(rooms.root, 'disks');
  await makeTree(path);
  const store = memoryObjectStore();
  const { scratchRoot } = rooms;
  const source = fileTree({ name: 'disks', path });
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  return { path, store, backup, scratchRoot };
}

/** As on a machine without GNU tar. */
const withoutTar: StartChild = (command, options) =>
  command === 'tar' || command === 'gtar'
    ? Promise.reject(new HoldfastError('TOOL_MISSING', 'left out', { retryable: false }))
    : startChild(command, options);

describe('sparse files', () => {
  it('are stored without their holes, hashed with them, and come back with them', async () => {
    const { path, store, backup, scratchRoot } = await backedUp();
    expect(backup.plainBytes).toBeLessThan(4 * MIB);
    await verifyBackup({ backup, store, scratchRoot });
    const sums = (await bytesOf(store, `${backup.path}disks.sha256`)).toString();
    const to = join(rooms.root, 'back');
    await restoreFromStore({ backup, store, to });
    for (const [name, { size, at }] of Object.entries(FILES)) {
      const content = await readFile(join(path, name));
      expect((await readFile(join(to, name))).equals(content)).toBe(true);
      expect(sums).toContain(hash('sha256', content));
      const stats = await stat(join(to, name));
      expect(stats.size).toBe(size);
      expect(stats.blocks * 512).toBeLessThanOrEqual((at.length + 1) * 128 * 1024);
    }
  });

  it('come back by zstd and tar alone, as RESTORE.md says', async () => {
    const { path, store, backup } = await backedUp();
    const stored = await bytesOf(store, `${backup.path}disks.tar.zst`);
    const to = join(rooms.root, 'by hand');
    await mkdir(to);
    execFileSync(
      'sh',
      ['-c', `zstd -d -q -c | tar --extract --file=- --directory="$1"`, 'sh', to],
      {
        input: stored,
      },
    );
    for (const name of Object.keys(FILES)) {
      expect((await readFile(join(to, name))).equals(await readFile(join(path, name)))).toBe(true);
    }
  });

  it('are refused, and not taken apart wrongly, where there is no GNU tar to restore them', async () => {
    const { store, backup } = await backedUp();
    const to = join(rooms.root, 'back');
    const work = restoreFromStore({ backup, store, to, startChild: withoutTar });
    await expect(work).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    expect(await keysOf(store)).toContain(`${backup.path}manifest.json`);
  });
});

/** Pax records of a sparse member, as GNU tar writes them. */
function records(fields: { readonly [key: string]: string }): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      const rest = Buffer.byteLength(` ${key}=${value}\n`);
      const digits = String(rest + String(rest).length).length;
      return `${rest + digits} ${key}=${value}\n`;
    })
    .join('');
}

const SPARSE = {
  'GNU.sparse.major': '1',
  'GNU.sparse.minor': '0',
  'GNU.sparse.name': './disk',
  'GNU.sparse.realsize': '3000',
};

function sparse(map: string, data: string, fields: object = {}): readonly Entry[] {
  const content = Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from(data)]);
  return [
    { name: 'pax', type: 'x', content: records({ ...SPARSE, ...fields }) },
    { name: './GNUSparseFile.1/disk', content },
  ];
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += 700) {
    yield await Promise.resolve(bytes.subarray(at, at + 700));
  }
}

async function read(entries: readonly Entry[], options = { signal }) {
  const log = new MemberLog(options);
  for await (const chunk of log.through(once(archive(entries)))) void chunk;
  return log.members;
}

describe('a sparse member', () => {
  it('is listed by its own name, and hashed as the file', async () => {
    const members = await read(sparse('2\n1000\n3\n2000\n4\n', 'abcdefg'));
    const content = Buffer.alloc(3000);
    content.write('abc', 1000);
    content.write('defg', 2000);
    const sha256 = hash('sha256', content);
    expect(members).toEqual([{ path: 'disk', type: 'file', mode: '0644', bytes: 3000, sha256 }]);
    const [empty] = await read(sparse('1\n3000\n0\n', ''));
    expect(empty?.sha256).toBe(hash('sha256', Buffer.alloc(3000)));
  });

  it.each([
    ['a map that is no map', sparse('x\n', '')],
    ['a map that ends nowhere', sparse('9'.repeat(512), '')],
    ['more in its map than its archive', sparse('1\n0\n8\n', 'abc')],
    ['less in its map than its archive', sparse('1\n0\n2\n', 'abc')],
    ['regions that overlap', sparse('2\n0\n2\n1\n1\n', 'abc')],
    ['a region beyond its end', sparse('1\n2999\n3\n', 'abc')],
    ['something behind its map', sparse('1\n0\n3\n7', 'abc')],
    ['another version', sparse('1\n0\n3\n', 'abc', { 'GNU.sparse.minor': '1' })],
    ['a record more', sparse('1\n0\n3\n', 'abc', { 'GNU.sparse.map': '0,3' })],
    ['a size that is none', sparse('1\n0\n3\n', 'abc', { 'GNU.sparse.realsize': '-1' })],
  ])('with %s is refused', async (_what, entries) => {
    await expect(read(entries)).rejects.toMatchObject({ code: 'TAR_INVALID' });
  });

  it('is read from memory that is used again, wherever a chunk ends', async () => {
    const bytes = archive([...sparse('2\n1000\n3\n2000\n4\n', 'abcdefg'), { name: 'last' }]);
    const expected = await read(sparse('2\n1000\n3\n2000\n4\n', 'abcdefg'));
    async function* reusing(size: number): AsyncGenerator<Uint8Array, void, void> {
      const memory = Buffer.alloc(size);
      for (let at = 0; at < bytes.length; at += size) {
        const length = bytes.copy(memory, 0, at, at + size);
        yield await Promise.resolve(memory.subarray(0, length));
        memory.fill('!');
      }
    }
    for (const size of [1, 7, 100, 511, 513, 700]) {
      const log = new MemberLog({ signal });
      for await (const chunk of log.through(reusing(size))) void chunk;
      expect(log.members.slice(0, 1)).toEqual(expected);
    }
  });

  it('is judged by its own name', async () => {
    const entries = sparse('1\n0\n3\n', 'abc', { 'GNU.sparse.name': '../disk' });
    await expect(read(entries)).rejects.toMatchObject({ code: 'ARCHIVE_HOSTILE' });
  });

  it('lets others have their turn while its holes are hashed, and can be given up', async () => {
    const leaving = new AbortController();
    const realsize = String(Number.MAX_SAFE_INTEGER);
    const entries = sparse('1\n0\n3\n', 'abc', { 'GNU.sparse.realsize': realsize });
    const reading = read(entries, { signal: leaving.signal });
    setImmediate(() => leaving.abort(new Error('enough')));
    await expect(reading).rejects.toThrow('enough');
  });
});
