import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { extractTree } from '../src/sources/files/extract.ts';
import { testRooms, workroomIn } from './support/rooms.ts';
import { archive, type Entry } from './support/tar-blocks.ts';

const rooms = testRooms();

async function* inPieces(bytes: Buffer, size = 700): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function extract(bytes: Buffer): Promise<string[]> {
  const target = join(rooms.root, 'inside');
  await mkdir(target);
  await extractTree(inPieces(bytes), target, workroomIn(rooms.root));
  return readdir(target);
}

const file = (name: string): Entry => ({ name, content: 'evil' });

const HOSTILE: readonly (readonly [string, readonly Entry[]])[] = [
  ['a name with ..', [file('a/../../outside/x')]],
  ['a name that begins with ..', [file('../outside/x')]],
  ['an absolute name', [file('/tmp/holdfast-hostile')]],
  ['a file through a symlink', [{ name: 'l', type: '2', link: '../outside' }, file('l/x')]],
  [
    'a file through a symlink further up',
    [{ name: 'd', type: '5' }, { name: 'd/l', type: '2', link: '/' }, file('d/l/tmp/x')],
  ],
  [
    'a symlink, then a file of its name',
    [{ name: 'l', type: '2', link: '../outside/x' }, file('l')],
  ],
  [
    'a symlink, then a directory of its name',
    [
      { name: 'l', type: '2', link: '../outside' },
      { name: './l/', type: '5' },
    ],
  ],
  ['a hard link out of the tree', [{ name: 'h', type: '1', link: '../outside/secret' }]],
  ['a hard link to an absolute path', [{ name: 'h', type: '1', link: '/etc/passwd' }]],
  ['a hard link to what is not in the archive', [{ name: 'h', type: '1', link: 'nothing' }]],
  [
    'a file through a hard link to a symlink',
    [
      { name: 'l', type: '2', link: '../outside' },
      { name: 'h', type: '1', link: 'l' },
      file('h/x'),
    ],
  ],
  ['a file below a file', [file('a'), file('a/b')]],
  ['a device', [{ name: 'null', type: '3' }]],
  ['a pipe', [{ name: 'pipe', type: '6' }]],
];

describe.each(['GNU tar', 'node-tar'])('a hostile archive, extracted by %s', (extractor) => {
  beforeEach(async () => {
    if (extractor === 'node-tar') vi.stubEnv('PATH', join(rooms.root, 'nothing'));
    await mkdir(join(rooms.root, 'outside'));
    await writeFile(join(rooms.root, 'outside', 'secret'), 's');
  });

  it.each(HOSTILE)('is refused: %s', async (_what, entries) => {
    const harmless = { name: 'first', content: 'harmless' };
    const extracted = extract(archive([harmless, ...entries]));
    await expect(extracted).rejects.toMatchObject({ code: 'ARCHIVE_HOSTILE', retryable: false });
    expect(await readdir(join(rooms.root, 'outside'))).toEqual(['secret']);
  });

  it('is refused: cut off, damaged, or with something behind its end', async () => {
    const whole = archive([file('a'), file('b')]);
    const damaged = Buffer.from(whole);
    damaged[10] = 0x41;
    const followed = Buffer.concat([whole, Buffer.from('more')]);
    const sole = Buffer.concat([whole.subarray(0, -512), archive([file('c')])]);
    for (const bytes of [
      whole.subarray(0, 1024),
      whole.subarray(0, 1500),
      damaged,
      followed,
      sole,
    ]) {
      const room = workroomIn(rooms.root);
      const target = join(rooms.root, `t${bytes.length}-${bytes[10]}`);
      await mkdir(target);
      const extracted = extractTree(inPieces(bytes), target, room);
      await expect(extracted).rejects.toMatchObject({ code: 'TAR_INVALID' });
    }
  });

  it('is no archive with links that stay harmless', async () => {
    const entries = [
      { name: './', type: '5' },
      file('./a'),
      { name: './h', type: '1', link: './a' },
      { name: './l', type: '2', link: '/etc/passwd' },
    ];
    expect(await extract(archive(entries))).toEqual(['a', 'h', 'l']);
    await expect(symlink('x', join(rooms.root, 'inside', 'l'))).rejects.toThrow('EEXIST');
  });
});
