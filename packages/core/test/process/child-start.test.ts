import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startChild } from '../../src/process/index.ts';
import { readAll, rejection, startShell } from './support.ts';

let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'holdfast-child-'));
});

afterAll(() => rm(place, { recursive: true }));

describe('a program that cannot be started', () => {
  test.each([
    ['zstd', 'zstd'],
    ['pg_dump', 'postgresql-client'],
    ['mariadb-dump', 'mariadb-client'],
    ['redis-cli', 'redis-tools'],
  ])('%s: the hint names the Debian package %s', async (command, debian) => {
    const error = await rejection(startChild(`/nowhere/${command}`));
    expect(error).toMatchObject({ code: 'TOOL_MISSING', retryable: false });
    expect(error).toHaveProperty('hint', expect.stringContaining(`apt-get install ${debian})`));
  });

  test('is looked up in the PATH that the child is given', async () => {
    const started = startChild('sh', { args: ['-c', 'true'], env: { PATH: place } });
    await expect(started).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: 'sh was not found',
      hint: 'Install sh, or give its path.',
    });
  });

  test('is no executable file', async () => {
    const file = join(place, 'plain');
    await writeFile(file, '#!/bin/sh\n', { mode: 0o644 });
    await expect(startChild(file)).rejects.toMatchObject({ code: 'TOOL_NOT_EXECUTABLE' });
  });

  test('is a script whose interpreter is missing', async () => {
    const file = join(place, 'script');
    await writeFile(file, '#!/nowhere/python\n');
    await chmod(file, 0o755);
    await expect(startChild(file)).rejects.toMatchObject({
      code: 'TOOL_NOT_EXECUTABLE',
      message: expect.stringContaining('interpreter') as string,
    });
  });

  test('shall start in a directory that is missing: the program is not blamed', async () => {
    const started = startChild('/bin/true', { cwd: join(place, 'missing') });
    await expect(started).rejects.toMatchObject({ code: 'TOOL_CWD_MISSING' });
  });

  test('is given more arguments than the system takes', async () => {
    const args = Array.from({ length: 40 }, () => 'x'.repeat(100_000));
    const started = startChild('/bin/true', { args });
    await expect(started).rejects.toMatchObject({ code: 'TOOL_ARGUMENTS_TOO_LONG' });
  });

  test.each([
    ['an argument', { args: ['fine', 'kept\0back'] }, 'argument 2'],
    ['a variable', { env: { PASSWORD: 'kept\0back' } }, 'variable PASSWORD'],
    ['the name of a variable', { env: { 'A=B': 'x' } }, 'the name of a variable'],
  ])('is given a forbidden character in %s', async (_, options, argument) => {
    const error = await rejection(startChild('/bin/true', options));
    expect(error).toMatchObject({ code: 'TOOL_ARGUMENT_INVALID', context: { argument } });
    expect(inspect(error)).not.toContain('kept');
  });

  test('an error never shows arguments or environment', async () => {
    const options = { args: ['--password=s3cr3t-arg'], env: { PASSWORD: 's3cr3t-env' } };
    const error = await rejection(startChild('/nowhere/tool', options));
    expect(inspect(error, { depth: null, showHidden: true })).not.toMatch(/s3cr3t/);
  });

  test('an aborted signal: nothing is started, and the reason is thrown', async () => {
    const onStarted = vi.fn<() => void>();
    const reason = new Error('window closed');
    const started = startShell('true', { signal: AbortSignal.abort(reason), onStarted });
    await expect(started).rejects.toBe(reason);
    expect(onStarted).not.toHaveBeenCalled();
  });

  test('the stream it was to write to is left alone', async () => {
    const consumer = await startShell('cat', { stdin: 'pipe' });
    const started = startChild('/nowhere/tool', {
      stdout: consumer.stdin as NodeJS.WritableStream as never,
    });
    await expect(started).rejects.toMatchObject({ code: 'TOOL_MISSING' });
    consumer.stdin?.end('still open');
    expect(await readAll(consumer.stdout)).toBe('still open');
    await consumer.done;
  });
});

describe('the environment of a child', () => {
  test('has a few variables of this process, what it was given, and nothing else', async () => {
    vi.stubEnv('HOLDFAST_CANARY', 'c4n4ry');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'c4n4ry');
    vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=4000');
    vi.stubEnv('LC_TIME', 'C');
    vi.stubEnv('TZ', 'Europe/Vienna');
    const child = await startChild('/usr/bin/env', { args: ['-0'], env: { PGPASSWORD: 'given' } });
    const names = (await readAll(child.stdout)).split('\0').map((line) => line.split('=')[0]);
    await child.done;
    const allowed = ['', 'PATH', 'HOME', 'LANG', 'TMPDIR', 'TZ', 'PGPASSWORD'];
    expect(
      names.filter((name) => !allowed.includes(name ?? '') && !name?.startsWith('LC_')),
    ).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['PATH', 'LC_TIME', 'TZ', 'PGPASSWORD']));
  });

  test('has a PATH even if this process has none', async () => {
    vi.stubEnv('PATH', undefined);
    const child = await startShell('command -v ls >/dev/null && printf %s "$PATH"');
    expect(await readAll(child.stdout)).toContain('/usr/bin');
    await child.done;
  });

  test('takes precedence where it was given', async () => {
    vi.stubEnv('TZ', 'Europe/Vienna');
    const child = await startShell('printf %s "$TZ"', { env: { TZ: 'UTC' } });
    expect(await readAll(child.stdout)).toBe('UTC');
    await child.done;
  });
});

describe('a program that runs as another user', () => {
  const isRoot = process.getuid?.() === 0;

  test.skipIf(!isRoot)('has that user, its group, and no other group', async () => {
    const child = await startChild('id', { user: { uid: 65_534, gid: 65_533 }, args: ['-G'] });
    expect((await readAll(child.stdout)).trim()).toBe('65533');
    const whose = await startChild('id', { user: { uid: 65_534, gid: 65_533 }, args: ['-u'] });
    expect((await readAll(whose.stdout)).trim()).toBe('65534');
  });

  test.skipIf(isRoot)('is refused to who is not root', async () => {
    const started = startChild('id', { user: { uid: 0, gid: 0 } });
    await expect(started).rejects.toMatchObject({ code: 'TOOL_NOT_EXECUTABLE' });
  });
});
