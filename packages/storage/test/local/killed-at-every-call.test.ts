import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import { canTrace } from '../system-calls.ts';
import { emptyDirectory, needs, unfinishedIn } from './places.ts';
import { tracedPut } from './traced.ts';

/** What changes a disk, but for the process's own output. */
const CHANGES = /^(?:f(?:data)?sync|pwrite64|rename|link|unlink|mkdir)/;
const BYTES = 5_000_000;

/** A system call by its name, and which one of that name it is. */
interface Moment {
  readonly name: string;
  readonly nth: number;
}

/** All that a put does to a directory, in order; one thread does it all. */
async function momentsOf(args: readonly [directory: string, ...string[]]): Promise<Moment[]> {
  const { calls } = await tracedPut(args);
  const counts = new Map<string, number>();
  return calls
    .filter(({ name, args: of }) => CHANGES.test(name) && of.includes(args[0]))
    .map(({ name }) => {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      return { name, nth };
    });
}

beforeEach((context) => needs(canTrace, 'strace is not here, or may not trace', context.skip));

/** A directory in which an object is, or none. */
async function directoryWith(old: string | undefined): Promise<string> {
  const directory = await emptyDirectory();
  if (old !== undefined) await writeFile(join(directory, 'a'), old);
  return directory;
}

describe('a put that is killed at any of its system calls', () => {
  it.each([
    ['replaces', 'replace', 'old', /^rename/],
    ['is if-absent', 'if-absent', undefined, /^link/],
  ])(
    'and %s leaves the old object or the new one, and nothing that stays',
    async (_, mode, old, publishing) => {
      const put = (directory: string) => [directory, 'a', String(BYTES), mode] as const;
      const moments = await momentsOf(put(await directoryWith(old)));
      const published = moments.findIndex(({ name }) => publishing.test(name));
      expect(published).toBeGreaterThan(3);
      for (const [at, { name, nth }] of moments.entries()) {
        const directory = await directoryWith(old);
        const kill = `inject=${name}:signal=SIGKILL:when=${nth}`;
        expect((await tracedPut(put(directory), [kill])).outcome).toEqual({});
        const store = localObjectStore(directory);
        const there = await store.head('a');
        if (at < published) expect(there?.bytes).toBe(old?.length);
        if (at > published) expect(there?.bytes).toBe(BYTES);
        expect([old?.length, BYTES]).toContain(there?.bytes);
        await store.put('b', Buffer.from('x'));
        expect(await unfinishedIn(directory)).toEqual([]);
      }
    },
    180_000,
  );
});
