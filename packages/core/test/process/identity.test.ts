import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import {
  currentProcess,
  formatIdentity,
  identifyProcess,
  isAlive,
  parseIdentity,
} from '../../src/process/index.ts';
import type { ProcessIdentity } from '../../src/process/index.ts';
import { areBootsOfOneMachine } from '../../src/process/machine.ts';
import { parseProcStat } from '../../src/process/process-table.ts';
import { firstLine, startShell } from './support.ts';

/** What another process does, it may do late on loaded cores. In milliseconds. */
const PATIENCE = 10_000;

const FIRST_NAMESPACE = '4026531836';

describe('the calling process', () => {
  test('is alive, and known by pid, start time and boot', () => {
    const own = currentProcess();
    expect(own.pid).toBe(process.pid);
    expect(own.startTime).toMatch(/^\d+$/);
    expect(own.bootId).toContain(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(isAlive(own)).toBe('alive');
    expect(identifyProcess(process.pid)).toEqual(own);
  });

  test('is the same in a worker thread', async () => {
    const identity = new URL('../../src/process/identity.ts', import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(identity)}).then(({ currentProcess }) =>
        require('node:worker_threads').parentPort.postMessage(currentProcess()));`,
      { eval: true },
    );
    expect(await once(worker, 'message')).toEqual([currentProcess()]);
    await worker.terminate();
  });
});

describe('another process', () => {
  test('is alive, then dead', async () => {
    const child = await startShell('exec cat', { stdin: 'pipe' });
    expect(isAlive(child.identity)).toBe('alive');
    child.stdin?.end();
    await child.done;
    expect(isAlive(child.identity)).toBe('dead');
    expect(identifyProcess(child.identity.pid)).toBeUndefined();
  });

  test('keeps its identity through exec', async () => {
    const child = await startShell('echo before; read x; exec cat', { stdin: 'pipe' });
    await firstLine(child);
    const before = identifyProcess(child.identity.pid);
    child.stdin?.write('\n');
    await vi.waitFor(() => {
      expect(readFileSync(`/proc/${child.identity.pid}/comm`, 'utf8')).toBe('cat\n');
    }, PATIENCE);
    expect(identifyProcess(child.identity.pid)).toEqual(before);
    await child.kill();
  });

  test('is dead when its pid belongs to a later process', () => {
    const own = currentProcess();
    expect(isAlive({ ...own, startTime: String(Number(own.startTime) - 1) })).toBe('dead');
  });

  test('is dead as a zombie', async () => {
    // cat's parent becomes a program that never waits for it.
    const script = 'exec 3<&0; cat <&3 >/dev/null & echo $!; exec sleep 1000';
    const parent = await startShell(script, { stdin: 'pipe' });
    const pid = Number(await firstLine(parent));
    const identity = identifyProcess(pid) as ProcessIdentity;
    expect(isAlive(identity)).toBe('alive');
    parent.stdin?.end();
    await vi.waitFor(
      () => expect(readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z '),
      PATIENCE,
    );
    expect(isAlive(identity)).toBe('dead');
    expect(identifyProcess(pid)).toBeUndefined();
    await parent.kill();
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 40])('with the pid %d there is none', (pid) => {
    expect(identifyProcess(pid)).toBeUndefined();
  });
});

describe('a process that cannot be looked up', () => {
  const own = currentProcess();
  const boot = own.bootId.split('/')[0];

  test('of another machine is elsewhere', () => {
    expect(isAlive({ ...own, hostId: 'f'.repeat(32), bootId: `other/${FIRST_NAMESPACE}` })).toBe(
      'elsewhere',
    );
  });

  test('of another container on this machine is elsewhere, whatever its pid', () => {
    expect(isAlive({ ...own, bootId: `${boot}/4026532999` })).toBe('elsewhere');
  });

  test('of a clone of this machine that took its boot id along is elsewhere', () => {
    expect(isAlive({ ...own, hostId: 'f'.repeat(32) })).toBe('elsewhere');
  });

  test('of an earlier boot of this machine is dead', ({ skip }) => {
    const first = own.hostId !== '' && own.bootId.endsWith(FIRST_NAMESPACE);
    skip(!first, 'in a container, or without a machine id, nobody can tell one boot from another');
    expect(isAlive({ ...own, bootId: `earlier/${FIRST_NAMESPACE}` })).toBe('dead');
  });

  test.each([
    ['two boots of a machine', 'h', `a/${FIRST_NAMESPACE}`, 'h', `b/${FIRST_NAMESPACE}`, true],
    ['one boot', 'h', `a/${FIRST_NAMESPACE}`, 'h', `a/${FIRST_NAMESPACE}`, false],
    ['two machines', 'h', `a/${FIRST_NAMESPACE}`, 'i', `b/${FIRST_NAMESPACE}`, false],
    ['unknown machines', '', `a/${FIRST_NAMESPACE}`, '', `b/${FIRST_NAMESPACE}`, false],
    [
      'a container, with the id of its image',
      'h',
      'a/4026532999',
      'h',
      `b/${FIRST_NAMESPACE}`,
      false,
    ],
    ['containers of one image', 'h', 'a/4026532999', 'h', 'b/4026532999', false],
    ['unknown boots', 'h', `/${FIRST_NAMESPACE}`, 'h', `b/${FIRST_NAMESPACE}`, false],
  ])('%s', (_, hostA, bootA, hostB, bootB, expected) => {
    const a = { hostId: hostA, bootId: bootA };
    const b = { hostId: hostB, bootId: bootB };
    expect(areBootsOfOneMachine(a, b)).toBe(expected);
    expect(areBootsOfOneMachine(b, a)).toBe(expected);
  });
});

describe('an identity as a text', () => {
  test.each<ProcessIdentity>([
    currentProcess(),
    { hostId: '', bootId: 'A:B', pid: 7, startTime: 'Mon Nov 23 18:22:01 2026' },
    { hostId: '%', bootId: '', pid: 1, startTime: '' },
  ])('reads back: %o', (identity) => {
    const text = formatIdentity(identity);
    expect(text).not.toMatch(/\s/);
    expect(parseIdentity(text)).toEqual(identity);
  });

  test.each([
    '',
    'holdfast1',
    'holdfast2:a:b:1:2',
    'holdfast1:a:b:0:2',
    'holdfast1:a:b:x:2',
    'holdfast1:a:b:1:2:3',
    'holdfast1:%zz:b:1:2',
    `holdfast1:a:b:${'9'.repeat(20)}:2`,
  ])('is refused, not guessed at: %s', (text) => {
    expect(parseIdentity(text)).toBeUndefined();
  });
});

describe('an entry of the process table', () => {
  const entry = (name: string, state: string, threads: number): string =>
    `42 (${name}) ${state} 1 40 39 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 ${threads} 0 987654 1 2 3`;

  test.each(['sh', 'a) Z 1 (b', ') S (', 'tmux: server', ''])('of a program named %j', (name) => {
    expect(parseProcStat(entry(name, 'S', 1))).toEqual({
      pid: 42,
      group: 40,
      startTime: '987654',
      ended: false,
    });
  });

  test.each([
    ['R', 1, false],
    ['D', 1, false],
    ['T', 1, false],
    ['Z', 1, true],
    ['X', 0, true],
    ['Z', 3, false],
  ])('in state %s with %d threads: ended is %s', (state, threads, ended) => {
    expect(parseProcStat(entry('x', state, threads))?.ended).toBe(ended);
  });

  test.each(['', 'nonsense', '42 (x) S 1'])('that is none: %j', (text) => {
    expect(parseProcStat(text)).toBeUndefined();
  });
});
