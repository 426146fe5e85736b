import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HoldfastError } from '../../src/errors/holdfast-error.ts';
import { startChild } from '../../src/process/index.ts';
import { createScrubber } from '../../src/secret/scrubber.ts';
import { secretForms } from '../../src/secret/secret-forms.ts';
import { bytesOf, filesUnder, processWithPid, secretCanary } from '../../src/testing/index.ts';

const canary = secretCanary();
const { value } = canary;
let place: string;

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'holdfast-canary-'));
});

afterEach(() => rm(place, { recursive: true }));

async function whereIs(found: unknown): Promise<string[]> {
  const findings = await canary.findIn({ it: found });
  return [...new Set(findings.map(({ where }) => where))];
}

describe('a canary', () => {
  test('is another each time', () => {
    expect(secretCanary().value).not.toBe(value);
  });

  test.each(secretForms(value))('is seen in the form %#', async (form) => {
    expect(await whereIs(`before ${form} after`)).toEqual(['it']);
  });

  test('is seen in UTF-16, in a half, and in bytes', async () => {
    expect(await whereIs(Buffer.from(value, 'utf16le'))).toEqual(['it']);
    expect(await whereIs(value.slice(0, 20))).toEqual(['it']);
    expect(await whereIs(value.slice(-22))).toEqual(['it']);
    expect(await whereIs(new TextEncoder().encode(value))).toEqual(['it']);
  });

  test.each([0, 1, 2])('is seen inside of base64, %d bytes in', async (before) => {
    const text = Buffer.from(`${'x'.repeat(before)}${value}yyy`);
    expect(await whereIs(text.toString('base64'))).toEqual(['it']);
    expect(await whereIs(text.toString('base64url'))).toEqual(['it']);
  });

  test('tells the offset', async () => {
    const [first, second] = await canary.findIn({ log: `12345${value}` });
    expect(first).toEqual({ where: 'log', offset: 5 + 'é '.length + 1, form: 'plain, first half' });
    expect(second).toMatchObject({ form: 'plain, second half' });
  });

  test('is absent where only a scrubbed text is', async () => {
    const scrubber = createScrubber();
    scrubber.add(value);
    const texts = secretForms(value).map((form) => scrubber.scrub(`x ${form} y`));
    const inside = [0, 1, 2].map((n) =>
      scrubber.scrub(Buffer.from(`${'x'.repeat(n)}${value}yy`).toString('base64')),
    );
    await canary.expectAbsent({ texts, inside });
  });
});

describe('a canary in a value', () => {
  test('is found in members, names, Maps, Sets, cycles', async () => {
    const cycle: { self?: unknown; list: unknown[] } = { list: [1, { 'odd key': value }] };
    cycle.self = cycle;
    expect(await whereIs(cycle)).toEqual(['it.list["1"]["odd key"]']);
    expect(await whereIs({ [value]: 1 })).toHaveLength(1);
    expect(await whereIs(new Map([['key', value]]))).toEqual(['it.key']);
    expect(await whereIs(new Set([value]))).toEqual(['it (member)']);
    expect(await whereIs({ [Symbol('hidden')]: value })).toHaveLength(1);
  });

  test('is found in every part of an error', async () => {
    expect(await whereIs(new Error(value))).toEqual(
      expect.arrayContaining(['it.message', 'it.stack']),
    );
    const cause = new HoldfastError('X', 'clean', { context: { args: [value] } });
    const error = new AggregateError([new Error('clean', { cause })], 'clean');
    expect(await whereIs(error)).toEqual(['it.errors["0"].cause.context.args["0"]']);
    const renamed = Object.assign(new Error('clean'), { stack: `Error: ${value}` });
    expect(await whereIs(renamed)).toEqual(['it.stack']);
  });

  test('is not found where it is not', async () => {
    await canary.expectAbsent({ nothing: [null, undefined, 1, true, () => 1, new Error('clean')] });
  });
});

describe('a canary in files', () => {
  test('is found by name, across pieces, and in the name of a file', async () => {
    await mkdir(join(place, 'deep'));
    const offset = 1024 * 1024 - 10;
    await writeFile(
      join(place, 'deep', 'log'),
      Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]),
    );
    const [first] = await canary.findIn({ files: filesUnder(place) });
    expect(first).toMatchObject({
      where: `files: ${join(place, 'deep', 'log')}`,
      offset: offset + 3,
    });
    await rm(join(place, 'deep', 'log'));
    await canary.expectAbsent({ files: filesUnder(place) });
    await writeFile(join(place, `dump-${value.slice(2, 18)}`), '');
    expect(await whereIs(filesUnder(place))).toEqual([expect.stringMatching(/^it: name of /)]);
  });

  test.each([
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['gzip in two members', (bytes: Buffer) => Buffer.concat([gzipSync('first'), gzipSync(bytes)])],
    [
      'zstd in two frames',
      (bytes: Buffer) => Buffer.concat([zstdCompressSync('first'), zstdCompressSync(bytes)]),
    ],
    [
      'zstd that was cut',
      (bytes: Buffer) =>
        zstdCompressSync(Buffer.concat([bytes, Buffer.alloc(900_000, 'ab')])).subarray(0, -8),
    ],
  ])('is found in %s', async (_, compress) => {
    const text = Buffer.from(`${'abc'.repeat(1_000)}${value}${'def'.repeat(1_000)}`);
    await writeFile(join(place, 'dump'), compress(text));
    // Incompressible text may also stand in the compressed bytes as it is.
    expect(await whereIs(filesUnder(place))).toContainEqual(
      expect.stringMatching(/dump \((gunzip|unzstd)\)$/),
    );
  });

  test('is found in a database and in its log', async () => {
    const database = new DatabaseSync(join(place, 'runs.db'));
    database.exec('pragma journal_mode = wal; create table t (v text)');
    database.prepare('insert into t values (?)').run(value);
    expect(await whereIs(filesUnder(place))).toEqual([expect.stringContaining('runs.db-wal')]);
    database.close();
    expect(await whereIs(filesUnder(place))).toEqual([expect.stringMatching(/runs\.db$/)]);
  });

  test('a directory that is missing is an error', async () => {
    await expect(canary.expectAbsent({ files: filesUnder(join(place, 'none')) })).rejects.toThrow(
      'ENOENT',
    );
  });
});

describe('a canary in a process', () => {
  test('is found in its environment and its arguments', async () => {
    const child = await startChild('/bin/sh', {
      args: ['-c', 'read x', value],
      env: { PASS: value },
      stdin: 'pipe',
    });
    const { pid } = child.identity;
    expect(await whereIs(processWithPid(pid))).toEqual([
      `it: /proc/${pid}/cmdline`,
      `it: /proc/${pid}/environ`,
    ]);
    await child.kill();
    await expect(canary.findIn({ it: processWithPid(pid) })).rejects.toThrow('ENOENT');
  });

  test('of this process does not reach the environment of a child', async () => {
    const script = `
      import { startChild } from ${JSON.stringify(new URL('../../src/process/index.ts', import.meta.url).href)};
      const child = await startChild('/usr/bin/env');
      child.stdout.pipe(process.stdout);
      await child.done;`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], PGPASSWORD: value },
    });
    expect(stdout).toContain('PATH=');
    await canary.expectAbsent({ environment: stdout });
  });
});

describe('a canary that got out', () => {
  test('is told of without its value', async () => {
    const places = { log: value, stream: bytesOf(Readable.from([Buffer.from(value)])) };
    const told = await canary.expectAbsent(places).catch((error: unknown) => error);
    expect(String(told)).toContain('log, offset 3 (plain, first half)');
    expect(String(told)).toContain('stream: stream, offset');
    await canary.expectAbsent({ told: inspect(told) });
  });

  test('in many places is listed in part', async () => {
    const told = await canary
      .expectAbsent({ log: value.repeat(50) })
      .catch((error: unknown) => error);
    expect(String(told)).toMatch(/and 80 more$/);
  });
});
