import { describe, expect, it } from 'vitest';
import type { TreeMember } from '@holdfast/backups';
import { readMemberList, writeChecksums, writeMemberList } from '../src/sources/files/lists.ts';

const MEMBERS: TreeMember[] = Array.from({ length: 2500 }, (_, n) => ({
  path: `ordner/größe\n😀 ${n}`,
  type: n % 5 === 0 ? 'directory' : 'file',
  mode: '0644',
  ...(n % 5 === 0 ? {} : { bytes: n, sha256: 'a'.repeat(64) }),
}));

async function all(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const list: Uint8Array[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

describe('a list of many files', () => {
  it('is written in pieces, so that no number of files is too large for a text', async () => {
    const longest = (pieces: Uint8Array[]) => Math.max(...pieces.map(({ length }) => length));
    expect(longest(await all(writeMemberList(MEMBERS)))).toBeLessThan(500_000);
    expect(longest(await all(writeChecksums(MEMBERS)))).toBeLessThan(500_000);
    expect(await all(writeMemberList(MEMBERS))).toHaveLength(3);
  });

  it('is read back, wherever its bytes are cut', async () => {
    const bytes = Buffer.concat(await all(writeMemberList(MEMBERS)));
    for (const size of [7, 1000, bytes.length]) {
      expect(await readMemberList(cut(bytes, size))).toEqual(MEMBERS);
    }
  });

  it('is refused when it is no list', async () => {
    const read = readMemberList(cut(Buffer.from('{"path":'), 3));
    await expect(read).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
  });
});
