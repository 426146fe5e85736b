import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Requests } from '../../src/sftp/requests.ts';
import { textOf } from '../streams.ts';
import { testDirectory, unfinishedIn, useSshd } from './places.ts';
import type { SftpDirectory } from './places.ts';
import { hasSshd } from './sshd.ts';

useSshd();

const ABSENT = { ifAbsent: true } as const;
type Publishing = 'rename' | 'hardlink';
const HOW = [
  ['rename', {}],
  ['hardlink', ABSENT],
] as const;

/** Cuts the line at the first request of a name: before it, or after it was done and instead of its answer. */
function cutAt(
  place: SftpDirectory,
  name: Publishing,
  when: 'before' | 'after',
  first: () => Promise<unknown> = async () => undefined,
): void {
  const honest = Requests.prototype[name];
  let left = 1;
  vi.spyOn(Requests.prototype, name).mockImplementation(async function cut(this: Requests, ...to) {
    if (left-- <= 0) return honest.call(this, ...to);
    await first();
    if (when === 'after') await honest.call(this, ...to);
    place.line.cut({ up: 0 });
    const answer = this.realpath('/').then(() => undefined);
    await answer.finally(() => place.line.mend());
  });
}

/** Lets the listings of the server tell less than OpenSSH's do. */
function tellNoNames(): void {
  const honest = Requests.prototype.readdir;
  vi.spyOn(Requests.prototype, 'readdir').mockImplementation(async function terse(
    this: Requests,
    path,
  ) {
    return (await honest.call(this, path)).map((entry) => ({ ...entry, longname: entry.filename }));
  });
}

describe.runIf(hasSshd)('a put that loses its connection while it is published', () => {
  let place: SftpDirectory;
  beforeEach(async () => {
    place = await testDirectory();
  });

  it.each(HOW)('has succeeded when the %s was done', async (name, options) => {
    const store = place.store();
    cutAt(place, name, 'after');
    expect(await store.put('a/b', Buffer.from('whole'), options)).toMatchObject({ bytes: 5 });
    expect(await textOf(store, 'a/b')).toBe('whole');
    await store.put('after', Buffer.from('x'));
    expect(await unfinishedIn(place)).toEqual([]);
  });

  it.each(HOW)(
    'has failed when the %s was not done, and it never will be',
    async (name, options) => {
      const store = place.store();
      cutAt(place, name, 'before');
      const lost = { problem: 'unavailable', retryable: true };
      await expect(store.put('a', Buffer.from('x'), options)).rejects.toMatchObject(lost);
      expect(await store.head('a')).toBeUndefined();
      await store.sweep!();
      expect(await unfinishedIn(place)).toEqual([]);
      await store.put('a', Buffer.from('again'), options);
      expect(await textOf(store, 'a')).toBe('again');
    },
  );

  it('does not take the object of another for its own', async () => {
    const store = place.store();
    const theirs = place.store();
    cutAt(place, 'hardlink', 'before', () => theirs.put('a', Buffer.from('them'), ABSENT));
    const put = store.put('a', Buffer.from('ours'), ABSENT);
    await expect(put).rejects.toMatchObject({ problem: 'unavailable' });
    expect(await textOf(store, 'a')).toBe('them');
  });

  it('says that it does not know where the server does not tell', async () => {
    const store = place.store();
    tellNoNames();
    cutAt(place, 'hardlink', 'after');
    await expect(store.put('a', Buffer.from('x'), ABSENT)).rejects.toMatchObject({
      problem: 'unavailable',
      message: expect.stringContaining('it is not known'),
    });
  });

  it('syncs the directories over the new connection', async () => {
    const store = place.store();
    const honest = Requests.prototype.fsync;
    let syncs = 0;
    vi.spyOn(Requests.prototype, 'fsync').mockImplementation(async function cut(
      this: Requests,
      handle,
    ) {
      // The file comes first, then its directory.
      if (++syncs === 2) place.line.cut({ up: 0 });
      await honest.call(this, handle).finally(() => place.line.mend());
    });
    expect(await store.put('a', Buffer.from('x'))).toMatchObject({ bytes: 1 });
    expect(syncs).toBe(3);
  });
});

describe.runIf(hasSshd)('a delete', () => {
  it('syncs the directory that the object was in, before it resolves', async () => {
    const place = await testDirectory();
    const store = place.store();
    await store.put('a/b', Buffer.from('x'));
    const opened: string[] = [];
    const honest = Requests.prototype.openToRead;
    vi.spyOn(Requests.prototype, 'openToRead').mockImplementation(function seen(
      this: Requests,
      path,
    ) {
      opened.push(path);
      return honest.call(this, path);
    });
    const fsync = vi.spyOn(Requests.prototype, 'fsync');
    await store.delete('a/b');
    expect(opened).toEqual([expect.stringMatching(/\/a$/)]);
    expect(fsync).toHaveBeenCalledTimes(1);
  });
});
