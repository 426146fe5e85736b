import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { identifyProcess, isAlive } from '../../src/process/index.ts';
import type { ProcessIdentity } from '../../src/process/index.ts';
import { firstLine, readAll, rejection, startShell, StillClock } from './support.ts';

/** What another process does, it may do late on loaded cores. In milliseconds. */
const PATIENCE = 10_000;

/** Starts a shell that prints the pid of a process of its own making. */
async function withGrandchild(...start: Parameters<typeof startShell>) {
  const child = await startShell(...start);
  const grandchild = identifyProcess(Number(await firstLine(child))) as ProcessIdentity;
  expect(isAlive(grandchild)).toBe('alive');
  return { child, grandchild };
}

const DEAF = `trap '' TERM; echo ready; while :; do read x; done`;

describe('kill', () => {
  test('takes grandchildren along', async () => {
    const { child, grandchild } = await withGrandchild('sleep 1000 & echo $!; sleep 1000');
    const reason = new Error('timed out');
    await child.kill(reason);
    expect(await rejection(child.done)).toBe(reason);
    expect([isAlive(child.identity), isAlive(grandchild)]).toEqual(['dead', 'dead']);
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('without a reason has a code', async () => {
    const child = await startShell('sleep 1000');
    await child.kill();
    await expect(child.done).rejects.toMatchObject({ code: 'TOOL_KILLED' });
  });

  test('waits for a child that tidies up after SIGTERM, and keeps its last words', async () => {
    const child = await startShell(
      `trap 'echo tidied >&2; exit 0' TERM; echo ready; while :; do read x; done`,
      { stdin: 'pipe' },
    );
    await firstLine(child);
    const reason = new Error('over');
    await child.kill(reason);
    expect(await rejection(child.done)).toBe(reason);
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stderrTail()).toBe('tidied\n');
  });

  test('sends SIGKILL when the grace is over, not before', async () => {
    const clock = new StillClock();
    const child = await startShell(DEAF, { stdin: 'pipe', clock, grace: 10_000 });
    await firstLine(child);
    const killed = child.kill();
    clock.advance(9_999);
    expect(isAlive(child.identity)).toBe('alive');
    clock.advance(1);
    await killed;
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(isAlive(child.identity)).toBe('dead');
  });

  test('waits for a deaf member of the group though its leader has gone', async () => {
    const clock = new StillClock();
    const script = `(trap '' TERM; exec sleep 1000) & echo $!; exec sleep 1000`;
    const { child, grandchild } = await withGrandchild(script, { clock });
    await vi.waitFor(() => {
      // Once it ignores SIGTERM: bit 14 of SigIgn, proc_pid_status(5).
      const ignored = /SigIgn:\s*(\w+)/.exec(
        readFileSync(`/proc/${grandchild.pid}/status`, 'utf8'),
      );
      expect(BigInt(`0x${ignored?.[1] ?? '0'}`) & (1n << 14n)).not.toBe(0n);
    }, PATIENCE);
    const killed = child.kill();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isAlive(grandchild)).toBe('alive');
    clock.advance(5_000);
    await killed;
    expect(isAlive(grandchild)).toBe('dead');
  });

  test('ends a stopped child', async () => {
    const clock = new StillClock();
    const child = await startShell('kill -STOP $$; exit 0', { clock });
    await vi.waitFor(() => {
      expect(readFileSync(`/proc/${child.identity.pid}/stat`, 'latin1')).toContain(') T ');
    }, PATIENCE);
    await child.kill();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  test('twice is once: the first reason counts', async () => {
    const child = await startShell('sleep 1000');
    const [first, second] = [new Error('first'), new Error('second')];
    await Promise.all([child.kill(first), child.kill(second)]);
    expect(await rejection(child.done)).toBe(first);
  });

  test('after the end does nothing', async () => {
    const child = await startShell('exit 0');
    await child.done;
    await child.kill(new Error('late'));
    await child.done;
  });

  test('gives the reader of stdout the reason at once', async () => {
    const clock = new StillClock();
    const child = await startShell(DEAF, { stdin: 'pipe', clock });
    await firstLine(child);
    const reason = new Error('over');
    const reading = readAll(child.stdout);
    const killed = child.kill(reason);
    expect(await rejection(reading)).toBe(reason);
    expect(isAlive(child.identity)).toBe('alive');
    clock.advance(5_000);
    await killed;
  });
});

describe('a signal', () => {
  test('ends the child with its reason', async () => {
    const controller = new AbortController();
    const child = await startShell('sleep 1000', { signal: controller.signal });
    const reason = new Error('window closed');
    controller.abort(reason);
    expect(await rejection(child.done)).toBe(reason);
    expect(isAlive(child.identity)).toBe('dead');
  });

  test('that has a reason which is no error', async () => {
    const controller = new AbortController();
    const child = await startShell('sleep 1000', { signal: controller.signal });
    controller.abort('just because');
    expect(await rejection(child.done)).toBe('just because');
    await expect(readAll(child.stdout)).rejects.toThrow('just because');
  });

  test('aborted from within onStarted ends the child', async () => {
    const controller = new AbortController();
    const onStarted = (): void => controller.abort(new Error('at once'));
    const child = await startShell('sleep 1000', { signal: controller.signal, onStarted });
    await expect(child.done).rejects.toThrow('at once');
  });

  test('aborted after the end changes nothing', async () => {
    const controller = new AbortController();
    const child = await startShell('exit 0', { signal: controller.signal });
    await child.done;
    controller.abort(new Error('late'));
    await child.done;
  });

  test('may serve many children', async () => {
    const warned = vi.fn<() => void>();
    process.on('warning', warned);
    const controller = new AbortController();
    const start = (): ReturnType<typeof startShell> =>
      startShell('sleep 1000', { signal: controller.signal });
    const children = await Promise.all(Array.from({ length: 20 }, start));
    controller.abort(new Error('all of you'));
    await Promise.allSettled(children.map((child) => child.done));
    expect(children.map((child) => isAlive(child.identity))).toEqual(children.map(() => 'dead'));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });
});

describe('what a child leaves behind', () => {
  test('is waited for while it prints', async () => {
    const child = await startShell('exec 3<&0; (cat <&3 >/dev/null; echo late) & exit 0', {
      stdin: 'pipe',
    });
    await child.exited;
    child.stdin?.end();
    expect(await readAll(child.stdout)).toBe('late\n');
    await child.done;
  });

  test('is given the grace, then ended, and told of', async () => {
    const clock = new StillClock();
    const script = 'sleep 1000 >/dev/null 2>&1 & echo $!';
    const { child, grandchild } = await withGrandchild(script, { clock });
    await vi.waitFor(() => expect(clock.pending).toBe(1), PATIENCE);
    expect(isAlive(grandchild)).toBe('alive');
    clock.advance(5_000);
    await expect(child.done).rejects.toMatchObject({ code: 'TOOL_LEFT_PROCESSES' });
    expect(isAlive(grandchild)).toBe('dead');
  });

  test('is no fault if it ends within the grace', async () => {
    const script = 'exec 3<&0; (exec cat <&3 >/dev/null 2>&1) & echo $!';
    const { child, grandchild } = await withGrandchild(script, { stdin: 'pipe' });
    await child.exited;
    child.stdin?.end();
    await child.done;
    expect(isAlive(grandchild)).toBe('dead');
  });

  test('can be killed while it is waited for', async () => {
    const { child, grandchild } = await withGrandchild('sleep 1000 & echo $!');
    await child.exited;
    await child.kill(new Error('enough'));
    await expect(child.done).rejects.toThrow('enough');
    expect(isAlive(grandchild)).toBe('dead');
  });

  test('in a session of its own is let go, though it holds stderr', async () => {
    const clock = new StillClock();
    const script = `setsid sh -c 'echo $$; exec sleep 1000 >/dev/null' & exit 0`;
    const { child, grandchild } = await withGrandchild(script, { clock });
    await vi.waitFor(() => expect(clock.pending).toBe(1), PATIENCE);
    clock.advance(5_000);
    await child.done;
    expect(isAlive(grandchild)).toBe('alive');
    process.kill(grandchild.pid, 'SIGKILL');
  });
});
