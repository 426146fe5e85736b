import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveSecret } from '../../src/secret/resolve-secret.ts';
import type { SecretResolvers } from '../../src/secret/resolve-secret.ts';
import { isSecret, secret } from '../../src/secret/secret.ts';

let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'holdfast-secret-'));
});

afterAll(() => rm(place, { recursive: true }));

describe('a secret', () => {
  test('shows its reference, however it is printed', () => {
    const password = secret('env:PGPASSWORD');
    const shown = 'Secret(env:PGPASSWORD)';
    expect(String(password)).toBe(shown);
    expect(inspect({ password })).toBe(`{ password: ${shown} }`);
    expect(format('%o %s', password, password)).toBe(`${shown} ${shown}`);
    expect(JSON.stringify({ password })).toBe(`{"password":"${shown}"}`);
    expect(password.reference).toBe('env:PGPASSWORD');
  });

  test('is recognised by its brand, also of another copy of the package', () => {
    expect(isSecret(secret('vault:db'))).toBe(true);
    expect(isSecret({ [Symbol.for('@holdfast/secret')]: true, reference: 'vault:db' })).toBe(true);
    for (const value of [{ reference: 'vault:db' }, 'vault:db', null, undefined]) {
      expect(isSecret(value)).toBe(false);
    }
  });

  test('cannot be changed, and clones to its reference', () => {
    const password = secret('env:PGPASSWORD');
    expect(Object.isFrozen(password)).toBe(true);
    expect(structuredClone(password)).toEqual({ reference: 'env:PGPASSWORD' });
  });

  test.each([
    'hunter2',
    'hunter2:',
    ':hunter2',
    'env:hunter2-x',
    'file:hunter2',
    'postgres://me:hunter2@db/x',
    'HUNTER2:x',
    '',
  ])('is refused when it is no reference, and what was given is not shown: %j', (text) => {
    try {
      secret(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'SECRET_REFERENCE_INVALID', retryable: false });
      expect(inspect(error).replaceAll(/at .*/g, '')).not.toMatch(/hunter2/i);
    }
  });
});

describe('the value of a secret', () => {
  const resolve = (reference: string, env = {}, resolvers: SecretResolvers = {}): Promise<string> =>
    resolveSecret(secret(reference), resolvers, env);

  test('comes from the environment', async () => {
    expect(await resolve('env:PASS', { PASS: ' as it is\n' })).toBe(' as it is\n');
    await expect(resolve('env:PASS')).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: 'Secret(env:PASS) is not set',
      hint: 'Set PASS in the environment of this process.',
      context: { reference: 'env:PASS' },
    });
    await expect(resolve('env:PASS', { PASS: '' })).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });

  test.each([
    ['plain', 'plain'],
    ['one newline\n', 'one newline'],
    ['two newlines\n\n', 'two newlines\n'],
    ['carriage return\r\n', 'carriage return'],
    [' spaces \n', ' spaces '],
  ])('comes from a file: %j', async (text, value) => {
    await writeFile(join(place, 'value'), text);
    expect(await resolve(`file:${place}/value`)).toBe(value);
  });

  test('is missing without the file, or in an empty one', async () => {
    await expect(resolve(`file:${place}/none`)).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining('ENOENT') as string,
    });
    await writeFile(join(place, 'empty'), '\n');
    await expect(resolve(`file:${place}/empty`)).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });

  test('comes from a resolver by its name', async () => {
    const vault = (name: string): Promise<string> => Promise.resolve(`value of ${name}`);
    expect(await resolve('vault:db/prod:key', {}, { vault })).toBe('value of db/prod:key');
    await expect(resolve('vault:x', {}, { vault: () => undefined })).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });

  test('is not found without the resolver', async () => {
    await expect(resolve('vault:x', {}, { keychain: () => 'v' })).rejects.toMatchObject({
      code: 'SECRET_UNKNOWN_SCHEME',
      hint: expect.stringContaining('env, file, keychain') as string,
    });
    await expect(resolve('constructor:x')).rejects.toMatchObject({ code: 'SECRET_UNKNOWN_SCHEME' });
  });

  test('may be had later when the resolver failed', async () => {
    const cause = new Error('unreachable');
    const vault = (): never => {
      throw cause;
    };
    await expect(resolve('vault:x', {}, { vault })).rejects.toMatchObject({
      code: 'SECRET_RESOLVER_FAILED',
      retryable: true,
      cause,
    });
  });

  test('env and file cannot be replaced by a resolver', async () => {
    expect(await resolve('env:PASS', { PASS: 'real' }, { env: () => 'other' })).toBe('real');
  });
});
