import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import { all, emptyDirectory, needs, unfinishedIn } from './places.ts';
import { canTrace, theCall } from '../system-calls.ts';
import { tracedPut } from './traced.ts';

const RENAME = '?rename,?renameat,?renameat2';
const LINK = '?link,linkat';

beforeEach((context) => needs(canTrace, 'strace is not here, or may not trace', context.skip));

describe('a write reaches the disk before it is acknowledged', () => {
  it.each([
    ['replace', /^rename/],
    ['if-absent', /^link/],
  ])('%s: file synced, then published, then directories synced', async (mode, publish) => {
    const directory = await emptyDirectory();
    const { outcome, calls } = await tracedPut([directory, 'a/b/c', '3000000', mode]);
    expect(outcome).toMatchObject({ key: 'a/b/c', bytes: 3_000_000 });
    const file = theCall(calls, /^fsync$/, `${directory}/.holdfast-tmp/`);
    const published = theCall(calls, publish, `${directory}/a/b/c`);
    const acknowledged = theCall(calls, /^write$/, '\\"key\\":\\"a/b/c\\"');
    expect(file.ended).toBeLessThan(published.began);
    for (const path of ['a/b', 'a', ''].map((below) => join(directory, below, '.'))) {
      const synced = theCall(calls, /^fsync$/, `<${path}>`);
      expect(published.ended).toBeLessThan(synced.began);
      expect(synced.ended).toBeLessThan(acknowledged.began);
    }
  });

  it('also of a store that has to be created first', async () => {
    const above = await emptyDirectory();
    const { calls } = await tracedPut([join(above, 'new/store'), 'a', '10']);
    const acknowledged = theCall(calls, /^write$/, '\\"key\\":\\"a\\"');
    for (const path of [above, join(above, 'new'), join(above, 'new/store')]) {
      expect(theCall(calls, /^fsync$/, `<${path}>`).ended).toBeLessThan(acknowledged.began);
    }
  });
});

describe('a delete', () => {
  it('syncs the directory before it is acknowledged', async () => {
    const directory = await emptyDirectory();
    await localObjectStore(directory).put('a/b', Buffer.from('x'));
    const { calls } = await tracedPut([directory, 'a/b', '0', 'delete']);
    const removed = theCall(calls, /^unlink/, `${directory}/a/b`);
    const synced = theCall(calls, /^fsync$/, `<${directory}/a>`);
    const acknowledged = theCall(calls, /^write$/, '\\"deleted\\":\\"a/b\\"');
    expect(removed.ended).toBeLessThan(synced.began);
    expect(synced.ended).toBeLessThan(acknowledged.began);
  });
});

describe('a system call that fails', () => {
  it.each([
    ['a write on a full disk', 'pwrite64:error=ENOSPC', 'full'],
    ['a write beyond the quota', 'pwrite64:error=EDQUOT', 'full'],
    ['a write of a broken disk', 'pwrite64:error=EIO', 'unavailable'],
    ['a write that is lost', 'pwrite64:retval=10', 'incomplete'],
    ['a write of nothing', 'pwrite64:retval=0', 'incomplete'],
    ['a sync of a broken disk', 'fsync:error=EIO', 'unavailable'],
    ['a sync that finds the disk full', 'fsync:error=ENOSPC', 'full'],
    ['a directory on a read-only disk', '?mkdir,mkdirat:error=EROFS', 'denied'],
    ['a name that is not permitted', `${RENAME}:error=EACCES`, 'denied'],
    ['a name that is too long there', `${RENAME}:error=ENAMETOOLONG`, 'invalid'],
    ['a name in another file system', `${RENAME}:error=EXDEV`, 'invalid'],
    ['a file too many', `${RENAME}:error=EMFILE`, 'unavailable'],
  ])('%s: nothing is published, nothing left', async (_, inject, problem) => {
    const directory = await emptyDirectory();
    const { outcome } = await tracedPut([directory, 'a', '10'], [`inject=${inject}`]);
    expect(outcome).toMatchObject({ problem, message: expect.stringContaining(directory) });
    const store = localObjectStore(directory);
    expect(await all(store.list(''))).toEqual([]);
    expect(await unfinishedIn(directory)).toEqual([]);
  });

  it('fails a write also when it is a sync in the middle of it, as no later one tells of it', async () => {
    const directory = await emptyDirectory();
    const fault = 'inject=fdatasync:error=EIO:when=1';
    const { outcome } = await tracedPut([directory, 'a', '70000000'], [fault]);
    expect(outcome).toMatchObject({ problem: 'unavailable' });
    expect(await unfinishedIn(directory)).toEqual([]);
  });

  it('leaves the object that was there before', async () => {
    const directory = await emptyDirectory();
    await writeFile(join(directory, 'a'), 'old');
    const { outcome } = await tracedPut([directory, 'a', '10'], ['inject=fsync:error=EIO']);
    expect(outcome).toMatchObject({ problem: 'unavailable' });
    expect(await readFile(join(directory, 'a'), 'utf8')).toBe('old');
  });

  it('takes a new object away again when its directory cannot be synced', async () => {
    const directory = await emptyDirectory();
    const fault = 'inject=fsync:error=EIO:when=2+';
    const { outcome } = await tracedPut([directory, 'a', '10', 'if-absent'], [fault]);
    expect(outcome).toMatchObject({ problem: 'unavailable' });
    expect(await localObjectStore(directory).head('a')).toBeUndefined();
  });

  it('does no harm when it is the sync of a directory, which some file systems do not offer', async () => {
    const directory = await emptyDirectory();
    const fault = 'inject=fsync:error=EINVAL:when=2+';
    const { outcome } = await tracedPut([directory, 'a/b', '10'], [fault]);
    expect(outcome).toMatchObject({ key: 'a/b', bytes: 10 });
  });
});

describe('a file system without hard links', () => {
  it.each(['EPERM', 'EOPNOTSUPP', 'ENOSYS'])('keeps ifAbsent under a lock (%s)', async (errno) => {
    const directory = await emptyDirectory();
    const fault = `inject=${LINK}:error=${errno}`;
    const put = (bytes: string) => tracedPut([directory, 'a/b', bytes, 'if-absent'], [fault]);
    const outcomes = await Promise.all([put('10'), put('20')]);
    const problems = outcomes.map(({ outcome }) => outcome.problem ?? 'written').toSorted();
    expect(problems).toEqual(['exists', 'written']);
    const winner = outcomes.find(({ outcome }) => outcome.bytes !== undefined)!.outcome;
    expect(await localObjectStore(directory).head('a/b')).toMatchObject({ bytes: winner.bytes });
    expect(await unfinishedIn(directory)).toEqual([]);
  });
});
