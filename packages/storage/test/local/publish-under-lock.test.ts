import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishUnderLock } from '../../src/local/publish-under-lock.ts';
import { ownerTag, thisProcess } from '../../src/local/temporary-names.ts';
import { emptyDirectory, unfinishedIn } from './places.ts';

async function rootWith(parts: readonly string[]): Promise<string> {
  const root = await emptyDirectory();
  await mkdir(join(root, '.holdfast-tmp'));
  for (const part of parts) await writeFile(join(root, '.holdfast-tmp', part), part);
  return root;
}

describe('publishing under a lock', () => {
  it('lets one of many writers of a key win', async () => {
    const parts = ['1', '2', '3', '4', '5', '6'];
    const root = await rootWith(parts);
    const outcomes = await Promise.allSettled(
      parts.map((part) => publishUnderLock(root, 'a', join(root, '.holdfast-tmp', part))),
    );
    const winner = parts.filter((_, index) => outcomes[index]?.status === 'fulfilled');
    expect(winner).toEqual([await readFile(join(root, 'a'), 'utf8')]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ problem: 'exists' });
    }
    expect(await unfinishedIn(root)).toHaveLength(parts.length - 1);
  });

  it('takes over the lock of a process that has ended', async () => {
    const root = await rootWith(['new']);
    const name = `lock-${createHash('sha256').update('a').digest('hex').slice(0, 32)}`;
    const before = { ...(await thisProcess()), startedAt: '1' };
    await writeFile(join(root, '.holdfast-tmp', name), ownerTag(before));
    await publishUnderLock(root, 'a', join(root, '.holdfast-tmp', 'new'));
    expect((await readdir(root)).toSorted()).toEqual(['.holdfast-tmp', 'a']);
    expect(await unfinishedIn(root)).toEqual([]);
  });
});
