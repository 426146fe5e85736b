import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it, vi } from 'vitest';
import { Session } from '../../src/sftp/session.ts';
import { testDirectory, unfinishedIn, useSshd } from './places.ts';
import { hasSshd } from './sshd.ts';

vi.setConfig({ testTimeout: 120_000 });
useSshd();

const OLD = 300_000;
const NEW = 200_000;
const body = Buffer.alloc(NEW, 'n');

/**
 * Ends a process at its nth request: that one is not made, or done and its answer not heard; none of those after it is
 * made. Gives how many it wanted to make.
 */
function dieAt(nth: number, way: 'before' | 'after') {
  const honest = Session.prototype.request;
  const made = { requests: 0 };
  const dying = vi.spyOn(Session.prototype, 'request').mockImplementation(async function die<T>(
    this: Session,
    start: Parameters<typeof honest<T>>[0],
  ) {
    made.requests++;
    if (made.requests < nth) return honest.call(this, start);
    if (made.requests === nth && way === 'after') await honest.call(this, start);
    throw new Error('the process has ended');
  });
  return { made, restore: () => dying.mockRestore() };
}

describe.runIf(hasSshd).each(['before', 'after'] as const)(
  'a process that is killed %s any of its requests is done',
  (way) => {
    it.each([
      ['a put', OLD, NEW, (store: ObjectStore) => store.put('a/b', body)],
      [
        'a put if absent',
        undefined,
        NEW,
        (store: ObjectStore) => store.put('a/b', body, { ifAbsent: true }),
      ],
      ['a delete', OLD, undefined, (store: ObjectStore) => store.delete('a/b')],
    ])('%s leaves what was or what shall be, and a sweep nothing', async (_, old, shall, work) => {
      const place = await testDirectory();
      const after = place.store();
      let wanted = Infinity;
      for (let nth = 1; wanted >= nth; nth++) {
        await after.delete('a/b');
        if (old !== undefined) await after.put('a/b', Buffer.alloc(old, 'o'));
        const store = place.store();
        // The connection is there, and the directory is known.
        await store.head('a/b');
        const { made, restore } = dieAt(nth, way);
        const isAcknowledged = await work(store).then(
          () => true,
          () => false,
        );
        restore();
        wanted = made.requests;
        const bytes = (await after.head('a/b'))?.bytes;
        expect([old, shall], `request ${nth}`).toContain(bytes);
        if (isAcknowledged) expect(bytes, `request ${nth}`).toBe(shall);
        await store.close();
        expect(nth).toBeLessThan(60);
      }
      vi.resetModules();
      const { sftpObjectStore } = await import('../../src/sftp/index.ts');
      const next = place.store({}, sftpObjectStore);
      const swept = async (): Promise<void> => {
        await next.sweep!({ olderThan: 0 });
        expect(await unfinishedIn(place)).toEqual([]);
      };
      await vi.waitFor(swept, { timeout: 20_000, interval: 500 });
    });
  },
);
