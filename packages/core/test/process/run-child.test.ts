import { describe, expect, test } from 'vitest';
import { isAlive, runChild } from '../../src/process/index.ts';
import type { RunOptions, StartedChild } from '../../src/process/index.ts';
import { rejection } from './support.ts';

function shell(script: string, options: RunOptions = {}) {
  return runChild('/bin/sh', { ...options, args: ['-c', script] });
}

describe('a program run to its end', () => {
  test('gives what it printed', async () => {
    expect(await shell('echo out; echo err >&2')).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  test('reads the input it is given', async () => {
    expect((await shell('tr a-z A-Z', { input: 'loud é' })).stdout).toBe('LOUD é');
    expect((await shell('wc -c', { input: Buffer.alloc(3_000_000) })).stdout.trim()).toBe(
      '3000000',
    );
  });

  test('need not read its input', async () => {
    expect((await shell('echo done', { input: Buffer.alloc(3_000_000) })).stdout).toBe('done\n');
  });

  test('joins characters that stand across chunks', async () => {
    const { stdout } = await shell(`head -c 300000 /dev/zero | sed 's/\\x00/é/g'`);
    expect(stdout).toBe('é'.repeat(300_000));
  });

  test('has its stderr scrubbed, not its stdout', async () => {
    const scrub = (text: string): string => text.replaceAll('s3cr3t', '[secret]');
    const run = shell('echo s3cr3t; echo s3cr3t >&2', { scrub });
    expect(await run).toEqual({ stdout: 's3cr3t\n', stderr: '[secret]\n' });
  });

  test('fails with its exit code', async () => {
    await expect(shell('echo half; exit 7')).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      context: { exitCode: 7 },
    });
    expect((await shell('echo all; exit 7', { allowedExitCodes: [7] })).stdout).toBe('all\n');
  });

  test('is ended when it prints more than is wanted', async () => {
    let started: StartedChild | undefined;
    const run = shell('exec cat /dev/zero', {
      maxOutput: 1_000_000,
      onStarted: (child) => {
        started = child;
      },
    });
    await expect(run).rejects.toMatchObject({ code: 'TOOL_OUTPUT_TOO_LARGE', retryable: false });
    expect(isAlive(started as StartedChild)).toBe('dead');
    expect((await shell('printf 1234', { maxOutput: 4 })).stdout).toBe('1234');
  });

  test('is ended by its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    const onStarted = (): void => controller.abort(reason);
    expect(await rejection(shell('sleep 1000', { signal: controller.signal, onStarted }))).toBe(
      reason,
    );
  });
});
