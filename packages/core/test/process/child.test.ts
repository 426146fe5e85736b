import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { startChild } from '../../src/process/index.ts';
import { firstLine, readAll, rejection, startShell } from './support.ts';

/** What another process does, it may do late on loaded cores. In milliseconds. */
const PATIENCE = 10_000;

describe('how a child ends', () => {
  test.each([
    { script: 'exit 0', allowed: undefined, ok: true },
    { script: 'exit 1', allowed: undefined, ok: false },
    { script: 'exit 3', allowed: [0, 3], ok: true },
    { script: 'exit 0', allowed: [1], ok: false },
    { script: 'exit 255', allowed: [0, 3], ok: false },
    { script: 'kill -KILL $$', allowed: [0, 137], ok: false },
  ])('$script with $allowed allowed: $ok', async ({ script, allowed, ok }) => {
    const child = await startShell(script, allowed && { allowedExitCodes: allowed });
    const [outcome] = await Promise.allSettled([child.done]);
    expect(outcome.status).toBe(ok ? 'fulfilled' : 'rejected');
  });

  test('an exit code, in the error', async () => {
    const child = await startShell('echo first >&2; echo "no such table" >&2; exit 2');
    await expect(child.done).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      message: '/bin/sh failed with exit code 2:\nno such table',
      context: { command: '/bin/sh', exitCode: 2, signal: null, stderr: 'first\nno such table\n' },
    });
    expect(await child.exited).toEqual({ code: 2, signal: null });
  });

  test('a signal, in the error', async () => {
    const child = await startShell('kill -SEGV $$');
    await expect(child.done).rejects.toMatchObject({
      message: '/bin/sh was ended by SIGSEGV',
      context: { exitCode: null, signal: 'SIGSEGV', stderr: '' },
    });
  });

  test('it leaves no zombie and tells once that it started and that it ended', async () => {
    const onStarted = vi.fn<() => void>();
    const onEnded = vi.fn<() => void>();
    const child = await startShell('exit 1', { onStarted, onEnded });
    expect(onStarted).toHaveBeenCalledExactlyOnceWith(child.identity);
    await rejection(child.done);
    expect(onEnded).toHaveBeenCalledExactlyOnceWith(child.identity);
    expect(existsSync(`/proc/${child.identity.pid}`)).toBe(false);
  });

  test('who is told of the start and throws ends the child', async () => {
    let pid = 0;
    const onStarted = (started: { readonly pid: number }): void => {
      pid = started.pid;
      throw new Error('not recorded');
    };
    await expect(startShell('sleep 1000', { onStarted })).rejects.toThrow('not recorded');
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('who is told of the end and throws fails a child that went well', async () => {
    const onEnded = (): void => {
      throw new Error('not recorded');
    };
    await expect((await startShell('exit 0', { onEnded })).done).rejects.toThrow('not recorded');
    const failed = await startShell('exit 1', { onEnded });
    await expect(failed.done).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('a failure that nobody looks at raises nothing in the host', async () => {
    const script = fileURLToPath(new URL('unwatched-child.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script]);
    expect(stdout).toBe('quiet\n');
  });
});

describe('stdout', () => {
  test('ends when the child ended well', async () => {
    const child = await startShell('printf whole');
    expect(await readAll(child.stdout)).toBe('whole');
    await child.done;
  });

  test('of a failed child never looks whole', async () => {
    const child = await startShell('printf half; exit 1');
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) seen.push(String(chunk));
    })();
    expect(await rejection(reading)).toBe(await rejection(child.done));
  });

  test('of a killed child never looks whole', async () => {
    const child = await startShell('echo half; kill -KILL $$');
    await expect(readAll(child.stdout)).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('is whole when reading begins after the end', async () => {
    const child = await startShell('head -c 60000 /dev/zero | tr "\\0" a');
    await child.done;
    expect(await readAll(child.stdout)).toBe('a'.repeat(60_000));
  });

  test('that nobody reads is no hindrance while it is small', async () => {
    const child = await startShell('head -c 100000 /dev/zero');
    await child.done;
    expect(child.stdout?.readableLength).toBe(100_000);
  });

  test('that nobody reads holds the child up when it is large, and nothing is lost', async () => {
    const child = await startShell('head -c 5000000 /dev/zero; echo after >&2');
    await vi.waitFor(() => expect(child.stdout?.readableLength).toBeGreaterThan(200_000), PATIENCE);
    expect(child.stderrTail()).toBe('');
    expect((await readAll(child.stdout)).length).toBe(5_000_000);
    await child.done;
    expect(child.stderrTail()).toBe('after\n');
  });

  test('that is given up breaks the pipe under the child', async () => {
    const child = await startShell('exec cat /dev/zero');
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect(child.done).rejects.toMatchObject({ code: 'TOOL_FAILED' });
  });

  test('goes to a file descriptor, or nowhere', async () => {
    const place = await mkdtemp(join(tmpdir(), 'holdfast-child-'));
    const file = await open(join(place, 'out'), 'w');
    const child = await startShell('printf text', { stdout: file.fd });
    await file.close();
    await child.done;
    expect(child.stdout).toBeNull();
    expect(await readFile(join(place, 'out'), 'utf8')).toBe('text');
    const silent = await startShell('printf text', { stdout: 'ignore' });
    await silent.done;
    expect(silent.stdout).toBeNull();
    await rm(place, { recursive: true });
  });

  test('joined to the stdin of a child that was started before, every byte arrives', async () => {
    const consumer = await startChild('/usr/bin/wc', { args: ['-c'], stdin: 'pipe' });
    const producer = await startShell('head -c 3000000 /dev/zero', {
      stdout: consumer.stdin ?? 'ignore',
    });
    expect(Number(await readAll(consumer.stdout))).toBe(3_000_000);
    await Promise.all([producer.done, consumer.done]);
  });
});

describe('stdin', () => {
  test('is empty unless asked for', async () => {
    const child = await startShell('cat; echo end');
    expect(child.stdin).toBeNull();
    expect(await readAll(child.stdout)).toBe('end\n');
    await child.done;
  });

  test('is written to', async () => {
    const child = await startShell('tr a-z A-Z', { stdin: 'pipe' });
    child.stdin?.end('loud');
    expect(await readAll(child.stdout)).toBe('LOUD');
    await child.done;
  });

  test('of a child that does not read raises nothing', async () => {
    const child = await startShell('exec 0<&-; echo closed; read x </dev/null; exit 4', {
      stdin: 'pipe',
    });
    expect(await firstLine(child)).toBe('closed');
    child.stdin?.end(Buffer.alloc(1_000_000));
    await expect(child.done).rejects.toMatchObject({ context: { exitCode: 4 } });
  });
});
