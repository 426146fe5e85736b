import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isHoldfastError, secret } from '@holdfast/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openObjectStore } from '../../src/index.ts';
import { bodyOf } from '../bodies.ts';
import { ScriptedS3 } from '../s3/scripted-s3.ts';
import { useSshd } from '../sftp/places.ts';
import { hasSshd } from '../sftp/sshd.ts';
import { all, textOf, texts } from '../streams.ts';

const KEY = secret('env:HOLDFAST_TEST_S3_SECRET');

async function directory(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-open-')));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe('openObjectStore', () => {
  it('opens a directory, and one that has to be there', async () => {
    const path = join(await directory(), 'a b');
    const url = pathToFileURL(path).href;
    const store = await openObjectStore(url);
    await store.put('a', texts('x'));
    expect(await textOf(await openObjectStore(new URL(store.url)), 'a')).toBe('x');
    const absent = await openObjectStore(`${url}-absent?create=false`);
    await expect(absent.put('a', texts('x'))).rejects.toMatchObject({ problem: 'unavailable' });
  });

  it('opens a new store in memory each time, with its name', async () => {
    const store = await openObjectStore('memory:scratch');
    expect(store.url).toBe('memory:scratch');
    await store.put('a', texts('x'));
    expect(await all((await openObjectStore('memory:scratch')).list(''))).toEqual([]);
    expect((await openObjectStore('memory:')).url).toBe('memory:objects');
  });

  it('opens a bucket, with options and credentials, and again by the URL it tells', async () => {
    const { server, endpoint } = await ScriptedS3.start();
    const url = `s3://bucket/prod/a%20b?region=eu-1&endpoint=${encodeURIComponent(endpoint)}&partBytes=6000000&growParts=false`;
    const credentials = { accessKeyId: KEY, secretAccessKey: KEY };
    const store = await openObjectStore(url, { credentials });
    expect(store.properties.maxObjectBytes).toBe(60_000_000_000);
    await store.put('a', bodyOf(7_000_000));
    expect(server.seen.filter(({ kind }) => kind === 'PUT ?partNumber')).toHaveLength(2);
    expect(server.seen.at(-1)?.headers.authorization).toContain('/eu-1/s3/');
    expect([...server.objects.keys()]).toEqual(['prod/a b/a']);
    const again = await openObjectStore(store.url, { credentials });
    expect(again.url).toBe(store.url);
    expect(await again.head('a')).toMatchObject({ bytes: 7_000_000 });
    const vault = secret('vault:key');
    const resolved = await openObjectStore(store.url, {
      credentials: { accessKeyId: vault, secretAccessKey: vault, sessionToken: vault },
      resolvers: { vault: () => 'from-the-vault' },
    });
    await resolved.head('a');
    expect(server.seen.at(-1)?.headers['x-amz-security-token']).toBe('from-the-vault');
  });

  it('opens a container, and again by the URL it tells', async () => {
    const url = 'azure://acct/vault/prod/a?endpoint=http%3A%2F%2F127.0.0.1%3A1&attempts=1';
    const store = await openObjectStore(url, { credentials: { accountKey: KEY } });
    expect(store.url).toBe('azure://acct/vault/prod/a?endpoint=http%3A%2F%2F127.0.0.1%3A1');
    await expect(store.head('a')).rejects.toMatchObject({ problem: 'unavailable' });
    const again = await openObjectStore(store.url, { credentials: { sas: KEY } });
    expect(again.url).toBe(store.url);
    const locked = await openObjectStore('azure://acct/vault?immutability=locked');
    expect(locked.properties.retention).toBe(true);
  });
});

describe.runIf(hasSshd)('openObjectStore, of an SFTP server', () => {
  const server = useSshd();

  it('opens a directory, with options and credentials, and again by the URL it tells', async () => {
    const { port, username, folder, hostKey, userKey } = server();
    const key = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
    const digest = createHash('sha256').update(key).digest('base64').replace(/=+$/, '');
    const known = `fingerprint=SHA256:${digest}`;
    const url = `sftp://${username}@127.0.0.1:${port}${folder}/a%20b?${known}&ifAbsent=looks`;
    const credentials = { privateKey: secret(`file:${userKey}`) };
    const store = await openObjectStore(url, { credentials });
    onTestFinished(() => store.close());
    expect(store.properties.ifAbsent).toBe('looks');
    await store.put('a', texts('x'));
    // The user of this process is the user of the server.
    const again = await openObjectStore(`${store.url}?${known}`, { credentials });
    onTestFinished(() => again.close());
    expect(again.url).toBe(store.url);
    expect(await textOf(again, 'a')).toBe('x');
  });

  it('knows the server by its key, and logs in by the agent when given nothing else', async () => {
    const { port, username, folder, userKey } = server();
    const url = `sftp://${username}@127.0.0.1:${port}${folder}/a`;
    const credentials = { privateKey: secret(`file:${userKey}`) };
    const stranger = await openObjectStore(`${url}?fingerprint=SHA256:${'A'.repeat(43)}`, {
      credentials,
    });
    await expect(stranger.head('a')).rejects.toMatchObject({ code: 'HOST_KEY_MISMATCH' });
    const unknown = await openObjectStore(`${url}?knownHosts=/dev/null`, { credentials });
    await expect(unknown.head('a')).rejects.toMatchObject({ code: 'HOST_KEY_UNKNOWN' });
    vi.stubEnv('SSH_AUTH_SOCK', undefined);
    await expect(openObjectStore(url)).rejects.toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('nothing to log in with'),
    });
    vi.stubEnv('SSH_AUTH_SOCK', '/run/agent');
    await expect(openObjectStore(url)).resolves.toBeDefined();
  });

  it('opens a directory below that of the login', async () => {
    const credentials = { password: KEY };
    const store = await openObjectStore('sftp://me@[::1]:2222/~/backups', { credentials });
    expect(store.url).toBe('sftp://[::1]:2222/~/backups');
    expect((await openObjectStore('sftp://me@host/srv/a', { credentials })).url).toBe(
      'sftp://host/srv/a',
    );
  });
});

describe('a URL that opens nothing', () => {
  it.each([
    ['is no URL', 'backups'],
    ["the scheme 'ftp:'", 'ftp://me@host/backups'],
    ["'fingerprint' to what it cannot be", 'sftp://me@host/a?fingerprint=MD5:00'],
    ["the scheme 'https:'", 'https://bucket.s3.amazonaws.com/'],
    ['another host', 'file://host/backups'],
    ["'region', which is unknown", 'file:///backups?region=eu'],
    ["'colour', which is unknown", 's3://bucket?colour=red'],
    ["'create' to what it cannot be", 'file:///backups?create=maybe'],
    ["'partBytes' to what it cannot be", 's3://bucket?partBytes=8MB'],
    ["'region' to what it cannot be", 's3://bucket?region='],
    ["'region' twice", 's3://bucket?region=a&region=b'],
    ['a port', 's3://bucket:9000/a'],
    ['a fragment', 's3://bucket/a#b'],
    ['a broken path', 's3://bucket/%E0%A4%A'],
  ])('is refused: %s', async (problem, url) => {
    await expect(openObjectStore(url)).rejects.toMatchObject({
      code: 'OBJECT_STORE_URL_INVALID',
      retryable: false,
      message: expect.stringContaining(problem),
    });
  });

  it.each([
    ['s3://AKIA:hunter2@bucket'],
    ['sftp://me:hunter2@host/backups'],
    ['sftp://me@host/backups?privateKey=hunter2'],
    ['s3://hunter2@bucket'],
    ['azure://me:hunter2@acct/vault'],
    ['s3://bucket?secretAccessKey=hunter2'],
    ['s3://bucket?secret_access_key=hunter2'],
    ['s3://bucket?X-Amz-Security-Token=hunter2'],
    ['azure://acct/vault?sv=1&sig=hunter2'],
    ['azure://acct/vault?accountKey=hunter2'],
    ['file:///backups?password=hunter2'],
    ['s3://bucket?endpoint=https://me:hunter2@host'],
    ['azure://acct/vault?endpoint=https%3A%2F%2Fhost%2F%3Fsig%3Dhunter2'],
  ])('is refused, and told to nobody, when it holds a secret (%#)', async (url) => {
    const failure: unknown = await openObjectStore(url).catch((error: unknown) => error);
    expect(isHoldfastError(failure)).toBe(true);
    expect(`${String(failure)} ${JSON.stringify(failure)}`).not.toContain('hunter2');
    expect(failure).toMatchObject({
      hint: expect.stringMatching(/credential|Known|endpoint|https/),
    });
  });

  it.each([
    ['memory:', { password: KEY }],
    ['file:///backups', { password: KEY }],
    ['s3://bucket', { accountKey: KEY }],
    ['azure://acct/vault', { secretAccessKey: KEY }],
    ['sftp://me@host/backups', { sas: KEY }],
    ['s3://bucket', { secretAccessKey: 'hunter2' as never }],
  ])(
    'is refused with credentials that it does not take, or that are no secrets: %s',
    async (url, credentials) => {
      const failure: unknown = await openObjectStore(url, { credentials }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ code: 'OPTIONS_INVALID' });
      expect(String(failure)).not.toContain('hunter2');
    },
  );

  it('is refused by its adapter when that has no use for it', async () => {
    const invalid = { code: 'OPTIONS_INVALID' };
    await expect(openObjectStore('s3://bucket?partBytes=1')).rejects.toMatchObject(invalid);
    await expect(openObjectStore('azure://acct')).rejects.toMatchObject(invalid);
    await expect(openObjectStore('s3://')).rejects.toMatchObject(invalid);
  });
});

describe('an adapter', () => {
  it('is loaded when its URL is opened, and no other is', () => {
    const program = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({
        load(url, context, next) {
          const [, adapter] = /src\\/(s3|azure|local|sftp|sqlite)\\//.exec(url) ?? [];
          if (adapter !== undefined && !loaded.includes(adapter)) loaded.push(adapter);
          if (/@aws-sdk|@azure|ssh2/.test(url)) loaded.push(url);
          return next(url, context);
        },
      });
      const { openObjectStore } = await import('@holdfast/storage');
      console.log(loaded.join());
      await openObjectStore('file:///tmp/nothing');
      console.log(loaded.join());
      await openObjectStore('s3://bucket');
      console.log(loaded.join());
    `;
    const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', program];
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd });
    expect(stderr).toBe('');
    expect(stdout).toBe('\nlocal\nlocal,s3\n');
  });
});
