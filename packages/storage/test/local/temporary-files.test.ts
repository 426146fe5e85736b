import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localObjectStore } from '../../src/local/index.ts';
import {
  hasEnded,
  ownerOf,
  ownerTag,
  temporaryName,
  thisProcess,
} from '../../src/local/temporary-names.ts';
import type { Owner } from '../../src/local/temporary-names.ts';
import { emptyDirectory, unfinishedIn } from './places.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  return child.pid!;
}

async function afterSweep(files: { readonly [name: string]: number }): Promise<string[]> {
  const directory = await emptyDirectory();
  await mkdir(join(directory, '.holdfast-tmp'));
  for (const [name, age] of Object.entries(files)) {
    const path = join(directory, '.holdfast-tmp', name);
    await writeFile(path, '');
    const then = new Date(Date.now() - age);
    await utimes(path, then, then);
  }
  await localObjectStore(directory).put('a', Buffer.from('x'));
  expect(await readdir(directory)).toContain('a');
  return unfinishedIn(directory);
}

const OTHER: Owner = { host: 'abcdef012345', pid: 1, startedAt: '5' };

describe('unfinished files', () => {
  it('tell whose they are', async () => {
    const owner = await thisProcess();
    expect(ownerOf(temporaryName(owner))).toEqual(owner);
    expect(ownerOf(ownerTag(owner))).toEqual(owner);
    expect(ownerOf('dump.sql')).toBeUndefined();
    expect(await hasEnded(owner)).toBe(false);
    expect(await hasEnded({ ...owner, host: '0'.repeat(12) })).toBeUndefined();
  });

  it('of processes that have ended are swept, whatever their age', async () => {
    const self = await thisProcess();
    const dead: Owner = { ...self, pid: await endedProcess(), startedAt: '1' };
    expect(await afterSweep({ [temporaryName(dead)]: 0 })).toEqual([]);
  });

  it('of a process whose id was given to another one are swept', async (context) => {
    const self = await thisProcess();
    context.skip(self.startedAt === '0', 'no /proc to read start times from');
    const before = { ...self, startedAt: String(Number(self.startedAt) - 1) };
    expect(await afterSweep({ [temporaryName(before)]: 0 })).toEqual([]);
  });

  it('of living processes stay, whatever their age', async () => {
    const mine = temporaryName(await thisProcess());
    expect(await afterSweep({ [mine]: 30 * DAY_MS })).toEqual([mine]);
  });

  it('of other machines stay for a day after they were last changed', async () => {
    const fresh = temporaryName(OTHER);
    const old = temporaryName(OTHER);
    expect(await afterSweep({ [fresh]: DAY_MS - 60_000, [old]: DAY_MS + 60_000 })).toEqual([fresh]);
  });

  it('with names that are none of ours stay', async () => {
    expect(await afterSweep({ 'dump.sql': 30 * DAY_MS })).toEqual(['dump.sql']);
  });
});

describe('sweep', () => {
  it('removes what others have not changed for as long as it is told, and counts it', async () => {
    const directory = await emptyDirectory();
    const store = localObjectStore(directory);
    expect(await store.sweep!()).toEqual({ removed: 0 });
    await store.put('a', Buffer.from('x'));
    const names = [OTHER, OTHER, await thisProcess()].map(temporaryName);
    for (const name of names) await writeFile(join(directory, '.holdfast-tmp', name), '');
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const name of names.slice(1)) {
      await utimes(join(directory, '.holdfast-tmp', name), hourAgo, hourAgo);
    }
    expect(await store.sweep!()).toEqual({ removed: 0 });
    expect(await store.sweep!({ olderThan: '30m' })).toEqual({ removed: 1 });
    const left = await unfinishedIn(directory);
    expect(new Set(left)).toEqual(new Set([names[0], names[2]]));
  });
});
