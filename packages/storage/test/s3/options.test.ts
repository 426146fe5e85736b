import { Agent } from 'node:http';
import { Socket } from 'node:net';
import { secret } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { s3ObjectStore } from '../../src/s3/index.ts';
import type { S3ObjectStoreOptions } from '../../src/s3/index.ts';
import { s3Settings } from '../../src/s3/options.ts';
import { bodyOf } from '../bodies.ts';
import { all } from '../streams.ts';
import { ScriptedS3 } from './scripted-s3.ts';

const MIB = 1024 ** 2;
const key = secret('env:KEY');

describe('s3ObjectStore', () => {
  it.each<[string, Partial<S3ObjectStoreOptions>]>([
    ['no bucket', { bucket: '' }],
    ['ftp://host', { endpoint: 'ftp://host' }],
    ['no http URL', { endpoint: 'host' }],
    ['without credentials', { endpoint: 'https://me:secret@host' }],
    ['no secrets', { credentials: { accessKeyId: 'a', secretAccessKey: 'b' as never } }],
    [
      'no secrets',
      { credentials: { accessKeyId: 'a', secretAccessKey: key, sessionToken: 'c' as never } },
    ],
    ['partBytes is 1048576', { partBytes: MIB }],
    ['partBytes', { partBytes: 6000 * MIB }],
    ['maxParts is 10001', { maxParts: 10_001 }],
    ['concurrency is 0', { concurrency: 0 }],
    ['attempts is 1.5', { attempts: 1.5 }],
    ['copyBytes is 1', { copyBytes: 1 }],
    ['pageKeys is 1001', { pageKeys: 1001 }],
    ["checksums is 'md5'", { checksums: 'md5' as never }],
    ["ifAbsent is 'yes'", { ifAbsent: 'yes' as never }],
    ["objectLock is 'on'", { objectLock: 'on' as never }],
    ["no option 'forcePathStyle'", { forcePathStyle: true } as never],
  ])('refuses what makes no sense: %s', (_, options) => {
    const invalid = expect.objectContaining({ code: 'OPTIONS_INVALID' });
    expect(() => s3ObjectStore({ bucket: 'b', ...options })).toThrow(invalid);
  });

  it('tells nothing of an endpoint with credentials', () => {
    try {
      s3ObjectStore({ bucket: 'b', endpoint: 'https://me:hunter2@host.example' });
      expect.unreachable();
    } catch (error) {
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('hunter2');
    }
  });

  it('refuses a prefix that no key can begin with', () => {
    const invalid = expect.objectContaining({ code: 'OBJECT_KEY_INVALID' });
    expect(() => s3ObjectStore({ bucket: 'b', prefix: 'a/' })).toThrow(invalid);
  });

  it('names its place by a URL, and what it can hold', () => {
    const store = s3ObjectStore({
      bucket: 'backups',
      prefix: 'prod/a b',
      region: 'eu-central-1',
      endpoint: 'https://s3.example',
    });
    expect(store.url).toBe(
      's3://backups/prod/a%20b?region=eu-central-1&endpoint=https%3A%2F%2Fs3.example',
    );
    expect(store.properties).toMatchObject({
      maxObjectBytes: 5 * 1024 ** 4,
      maxKeyBytes: 1024 - 'prod/a b/'.length,
    });
    const steady = s3ObjectStore({ bucket: 'b', growParts: false, partBytes: 100 * MIB });
    expect(steady.properties.maxObjectBytes).toBe(10_000 * 100 * MIB);
  });

  it('writes below its prefix, by the path of the bucket, or by its host', async () => {
    const { server, store } = await ScriptedS3.start();
    await store({ prefix: 'prod' }).put('a', bodyOf(3));
    expect([...server.objects.keys()]).toEqual(['prod/a']);
    const byHost = store({ pathStyle: false, attempts: 1, endpoint: 'http://s3.invalid' });
    await expect(byHost.head('a')).rejects.toMatchObject({
      problem: 'unavailable',
      message: expect.stringContaining('scripted.s3.invalid'),
    });
  });

  it('sends checksums when the service knows them', async () => {
    const { server, store } = await ScriptedS3.start();
    const large = 6 * MIB;
    await store().put('a', bodyOf(large));
    const names = (): string[] => server.seen.flatMap(({ headers }) => Object.keys(headers));
    expect(names().filter((name) => /checksum|trailer|content-md5/.test(name))).toEqual([]);
    await store({ checksums: 'supported' }).put('b', bodyOf(large));
    const parts = server.seen.filter(
      ({ kind, key: of }) => kind === 'PUT ?partNumber' && of === 'b',
    );
    expect(parts.map(({ headers }) => headers['x-amz-checksum-crc32'] !== undefined)).toEqual([
      true,
      true,
    ]);
  });

  it('sends a body within one part by one request, and parts of the size it was told', async () => {
    const { server, store } = await ScriptedS3.start();
    const sizes = (): (string | undefined)[] =>
      server.seen
        .filter(({ kind }) => kind.startsWith('PUT'))
        .map(({ headers }) => headers['content-length']);
    await store().put('a', bodyOf(5 * MIB - 1));
    await store().put('b', bodyOf(5 * MIB));
    await store({ partBytes: 6 * MIB }).put('c', bodyOf(14 * MIB));
    expect(sizes()).toEqual([5 * MIB - 1, 5 * MIB, 6 * MIB, 6 * MIB, 2 * MIB].map(String));
  });

  it('signs for its region, with its credentials as they are now', async () => {
    const { server, store } = await ScriptedS3.start();
    process.env['HOLDFAST_TEST_S3_ID'] = 'from-the-environment';
    process.env['HOLDFAST_TEST_S3_TOKEN'] = 'a-session';
    const signed = (): string => String(server.seen.at(-1)?.headers.authorization);
    await store().head('a');
    expect(signed()).toContain('/us-east-1/s3/');
    const credentials = {
      accessKeyId: secret('env:HOLDFAST_TEST_S3_ID'),
      secretAccessKey: secret('vault:s3'),
      sessionToken: secret('env:HOLDFAST_TEST_S3_TOKEN'),
    };
    const asked: string[] = [];
    const resolvers = {
      vault(name: string) {
        asked.push(name);
        return 'hunter2';
      },
    };
    await store({ region: 'eu-1', credentials, resolvers }).head('a');
    expect(signed()).toMatch(/Credential=from-the-environment\/\d+\/eu-1\/s3\//);
    expect(server.seen.at(-1)?.headers['x-amz-security-token']).toBe('a-session');
    expect(new Set(asked)).toEqual(new Set(['s3']));
  });

  it('lists as many objects at once as it is told', async () => {
    const { server, store } = await ScriptedS3.start();
    server.script = () => ({ status: 403, code: 'AccessDenied' });
    for (const pageKeys of [undefined, 7]) {
      const listing = store(pageKeys === undefined ? {} : { pageKeys }).list('');
      await expect(all(listing)).rejects.toMatchObject({ problem: 'denied' });
    }
    expect(server.seen.map(({ query }) => query.get('max-keys'))).toEqual(['1000', '7']);
  });

  it('copies in one request up to copyBytes, and more in parts', async () => {
    const { server, store } = await ScriptedS3.start();
    await store().put('a', bodyOf(12 * MIB));
    const copies = (): string[] =>
      server.seen
        .filter(({ headers }) => headers['x-amz-copy-source'] !== undefined)
        .map(({ kind }) => kind);
    await store().copy!('a', 'b');
    expect(copies()).toEqual(['PUT']);
    server.seen.length = 0;
    await store({ copyBytes: 5 * MIB }).copy!('a', 'c');
    expect(copies()).toEqual(['PUT ?partNumber', 'PUT ?partNumber', 'PUT ?partNumber']);
    expect(server.objects.get('c')?.body.equals(server.objects.get('a')!.body)).toBe(true);
  });

  it('lets parts grow, unless told otherwise', () => {
    const sizes = (growParts?: boolean): number[] => {
      const options = growParts === undefined ? {} : { growParts };
      const { plan } = s3Settings({ bucket: 'b', partBytes: 8 * MIB, ...options });
      return [plan.sizeOf(1), plan.sizeOf(10_000)];
    };
    expect(sizes()[1]).toBeGreaterThan(1000 * MIB);
    expect(sizes(true)).toEqual(sizes());
    expect(sizes(false)).toEqual([8 * MIB, 8 * MIB]);
  });

  it('sends no more parts than the service takes, which grow the sooner', () => {
    const { plan } = s3Settings({ bucket: 'b', partBytes: 8 * MIB, maxParts: 1000 });
    expect(plan.maxParts).toBe(1000);
    let sent = 0;
    for (let part = 1; part <= 1000; part++) sent += plan.sizeOf(part);
    expect(sent).toBeGreaterThan(100 * 8 * MIB * 1000);
  });

  it('connects by the agent it is given, and waits for that no longer than connectTimeout', async () => {
    let connections = 0;
    class Nowhere extends Agent {
      override createConnection(): Socket {
        connections++;
        const socket = new Socket();
        Object.defineProperty(socket, 'connecting', { value: true });
        return socket;
      }
    }
    const { store } = await ScriptedS3.start();
    const impatient = store({ agent: new Nowhere(), connectTimeout: '100ms', attempts: 2 });
    await expect(impatient.head('a')).rejects.toMatchObject({
      problem: 'unavailable',
      message: expect.stringContaining('100 ms'),
    });
    expect(connections).toBe(2);
  });
});
