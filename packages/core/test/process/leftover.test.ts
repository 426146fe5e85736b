import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/system-clock.ts';
import { currentProcess, isAlive, killLeftover } from '../../src/process/index.ts';
import type { StartedChild } from '../../src/process/index.ts';
import { livingMembers } from '../../src/process/process-table.ts';
import { firstLine, startShell, StillClock } from './support.ts';

const leftovers: StartedChild[] = [];

/** A child that outlived its parent, which was killed by SIGKILL. */
function leaveBehind(script: string): StartedChild {
  const parent = fileURLToPath(new URL('dying-parent.ts', import.meta.url));
  const { stdout, signal } = spawnSync(process.execPath, [parent, script], { encoding: 'utf8' });
  expect(signal).toBe('SIGKILL');
  const child = JSON.parse(stdout) as StartedChild;
  leftovers.push(child);
  expect(isAlive(child)).toBe('alive');
  return child;
}

afterEach(() => {
  for (const child of leftovers.splice(0)) {
    if (isAlive(child) === 'alive') process.kill(-child.pid, 'SIGKILL');
  }
});

const PLAIN = 'echo ready; exec sleep 1000';

describe('a child left behind by a dead parent', () => {
  test('is killed, once', async () => {
    const child = leaveBehind(PLAIN);
    expect(await killLeftover(child, systemClock)).toBe('killed');
    expect(isAlive(child)).toBe('dead');
    expect(await killLeftover(child, systemClock)).toBe('gone');
  });

  test('is killed with its group', async () => {
    const child = leaveBehind('sleep 1000 & echo ready; sleep 1000');
    expect(await killLeftover(child, systemClock)).toBe('killed');
    // Zombies may still be listed: whoever inherited them waits for them when it likes.
    expect(livingMembers(child.pid)).toEqual([]);
  });

  test('is killed by SIGKILL when it ignores SIGTERM', async () => {
    const clock = new StillClock();
    const child = leaveBehind(`trap '' TERM; echo ready; while :; do sleep 1000; done`);
    const killed = killLeftover(child, clock, 7_000);
    clock.advance(6_999);
    expect(isAlive(child)).toBe('alive');
    clock.advance(1);
    expect(await killed).toBe('killed');
    expect(isAlive(child)).toBe('dead');
  });
});

describe('what is not ours is not touched', () => {
  test.each<[string, (child: StartedChild) => Partial<StartedChild>]>([
    [
      'a later process with the pid',
      ({ startTime }) => ({ startTime: String(Number(startTime) - 1) }),
    ],
    ['a record without start time', () => ({ startTime: '' })],
    ['another boot', ({ bootId }) => ({ bootId: bootId.replace(/^[^/]*/, 'other') })],
    ['another container', ({ bootId }) => ({ bootId: bootId.replace(/\d+$/, '1') })],
    ['a record without boot', () => ({ bootId: '' })],
  ])('%s', async (_, change) => {
    const child = leaveBehind(PLAIN);
    expect(await killLeftover({ ...child, ...change(child) }, systemClock)).toBe('not-ours');
    expect(isAlive(child)).toBe('alive');
  });

  test.each([-1, 0, 1, 1.5, Number.NaN])(
    'the pid %d, which kill(2) takes for others',
    async (pid) => {
      const record = { ...currentProcess(), pid, command: 'x' };
      expect(await killLeftover(record, systemClock)).toBe('not-ours');
    },
  );

  test('this process itself, and one that leads no group', async () => {
    const record = { ...currentProcess(), command: 'node' };
    expect(await killLeftover(record, systemClock)).toBe('not-ours');
  });

  test('the group of a leader that has ended: nothing proves whose it is', async () => {
    const child = await startShell('sleep 1000 & echo $!');
    await child.exited;
    expect(await killLeftover(child.identity, systemClock)).toBe('not-ours');
    expect(livingMembers(child.identity.pid)).toEqual([Number(await firstLine(child))]);
    await child.kill();
    expect(await killLeftover(child.identity, systemClock)).toBe('gone');
  });
});
