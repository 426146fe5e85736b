import { inspect } from 'node:util';
import { AnonymousCredential, ContainerClient, ContainerSASPermissions } from '@azure/storage-blob';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { secretCanary } from '@holdfast/core/testing';
import { describe, expect, it, vi } from 'vitest';
import { azureObjectStore } from '../../src/azure/index.ts';
import type { AzureObjectStoreOptions } from '../../src/azure/index.ts';
import { bodyOf, untouchable } from '../bodies.ts';
import { all, textOf } from '../streams.ts';
import { MIB, scriptedContainer, testContainer, useAzurite } from './azurite.ts';

vi.setConfig({ testTimeout: 60_000 });
useAzurite();

const CALLS: { readonly [name: string]: (store: ObjectStore) => Promise<unknown> } = {
  put: (store) => store.put('a', bodyOf(10)),
  'put in blocks': (store) => store.put('a', bodyOf(2.5 * MIB)),
  get: (store) => textOf(store, 'a'),
  head: (store) => store.head('a'),
  list: (store) => all(store.list('')),
  delete: (store) => store.delete('a'),
};
const NAMES = Object.keys(CALLS);

describe('a container that is not there', () => {
  it.each(NAMES)('is no empty place for %s', async (name) => {
    const container = await testContainer();
    const call = CALLS[name]!(container.store({ container: 'no-such-container' }));
    await expect(call).rejects.toMatchObject({
      problem: 'invalid',
      hint: expect.stringContaining('container'),
    });
  });
});

describe('a credential that the service does not accept', () => {
  it.each(NAMES)('is denied for %s, and told to nobody', async (name) => {
    const container = await testContainer();
    const canary = secretCanary();
    const wrong = Buffer.from(canary.value).toString('base64');
    process.env['HOLDFAST_TEST_AZURE_WRONG'] = wrong;
    process.env['HOLDFAST_TEST_AZURE_SAS'] = `?sv=2024-08-04&sig=${encodeURIComponent(wrong)}`;
    for (const credential of [
      { accountKey: secret('env:HOLDFAST_TEST_AZURE_WRONG') },
      { sas: secret('env:HOLDFAST_TEST_AZURE_SAS') },
    ]) {
      const failure = await CALLS[name]!(container.store({ credential })).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ problem: 'denied', retryable: false });
      await canary.expectAbsent({ error: failure, shown: inspect(failure, { depth: 9 }) });
    }
  });

  it('is told when it is not set at all', async () => {
    const container = await testContainer();
    const credential = { accountKey: secret('env:HOLDFAST_TEST_NOT_SET') };
    await expect(container.store({ credential }).head('a')).rejects.toMatchObject({
      code: 'SECRET_MISSING',
    });
  });
});

describe('a credential that it accepts', () => {
  it('may be a shared access signature, of a resolver', async () => {
    const container = await testContainer();
    const expiresOn = new Date(Date.now() + 600_000);
    const permissions = ContainerSASPermissions.parse('racwdl');
    const url = await container.client.generateSasUrl({ expiresOn, permissions });
    const resolvers = { vault: () => new URL(url).search };
    const store = container.store({ credential: { sas: secret('vault:sas') }, resolvers });
    await store.put('a', bodyOf(10));
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['a']);
    expect(store.url).not.toContain('sig=');
  });

  it('may give tokens', async () => {
    const { proxy, store } = await scriptedContainer();
    const credential = {
      getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + 3_600_000 }),
    };
    // Tokens go over https alone: the SDK refuses to send one otherwise.
    await expect(store({ credential }).head('a')).rejects.toThrow(/https|secure|TLS/i);
    expect(proxy.seen).toEqual([]);
  });

  it('may be none, for what is public', async () => {
    const container = await testContainer();
    const store = azureObjectStore({
      account: 'devstoreaccount1',
      container: container.name,
      endpoint: `http://127.0.0.1:${container.line.port}/devstoreaccount1`,
    });
    await expect(store.head('a')).rejects.toMatchObject({ problem: 'denied' });
    await container.client.setAccessPolicy('container');
    await container.store().put('a', bodyOf(3));
    expect(await store.head('a')).toMatchObject({ bytes: 3 });
    const anonymous = new ContainerClient(container.client.url, new AnonymousCredential());
    expect((await anonymous.getBlobClient('a').getProperties()).contentLength).toBe(3);
  });
});

describe('a part of a container', () => {
  it('holds the objects below a prefix, and no others', async () => {
    const container = await testContainer();
    const store = container.store({ prefix: 'prod/a b' });
    for (const name of ['prod/a b', 'prod/a b-c/x', 'x', 'prod/a b/.holdfast-x/y']) {
      await container.client.getBlockBlobClient(name).upload('x', 1);
    }
    await store.put('é/1', bodyOf(10));
    await store.put('copy', bodyOf(10));
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['copy', 'é/1']);
    await store.delete('copy');
    const whole = (await all(container.store().list(''))).map(({ key }) => key);
    expect(whole).toEqual(['prod/a b', 'prod/a b-c/x', 'prod/a b/é/1', 'x']);
    const longest = `${'x'.repeat(199)}/`.repeat(6).slice(0, 1015);
    await expect(store.put(`${longest}yy`, untouchable)).rejects.toMatchObject({
      code: 'OBJECT_KEY_INVALID',
      message: expect.stringContaining('behind the prefix'),
    });
  });
});

describe('retainUntil', () => {
  const retainUntil = Math.ceil(Date.now() / 1000 + 3600) * 1000;

  it.each([10, 2.5 * MIB])(
    'is asked of the service, and fails where it is not kept (%d)',
    async (bytes) => {
      const { proxy, store, container } = await scriptedContainer();
      const put = store({ immutability: 'locked' }).put('a', bodyOf(bytes), { retainUntil });
      await expect(put).rejects.toMatchObject({
        problem: 'invalid',
        message: expect.stringContaining('does not keep it'),
      });
      expect(await container.store().head('a')).toBeUndefined();
      const asked = proxy.seen.find(
        ({ headers }) => headers['x-ms-immutability-policy-until-date'] !== undefined,
      );
      expect(asked?.headers).toMatchObject({
        'x-ms-immutability-policy-until-date': new Date(retainUntil).toUTCString(),
        'x-ms-immutability-policy-mode': 'Locked',
      });
    },
  );

  it('is believed when the service tells of it', async () => {
    const { proxy, store } = await scriptedContainer();
    proxy.script = ({ kind }) =>
      kind === 'HEAD'
        ? {
            headers: { 'x-ms-immutability-policy-until-date': new Date(retainUntil).toUTCString() },
          }
        : undefined;
    const keeping = store({ immutability: 'unlocked' });
    expect(keeping.properties.retention).toBe(true);
    await keeping.put('a', bodyOf(10), { retainUntil });
    expect(await keeping.retainedUntil!('a')).toBe(retainUntil);
    const past = keeping.put('a', untouchable, { retainUntil: Date.now() - 1 });
    await expect(past).rejects.toMatchObject({ problem: 'invalid' });
  });
});

describe('azureObjectStore', () => {
  it.each<[string, Partial<AzureObjectStoreOptions>]>([
    ['account', { account: '' }],
    ['account', { account: 'me@host' }],
    ['container', { container: 'A/b' }],
    ['endpoint', { endpoint: 'ftp://host' }],
    ['endpoint', { endpoint: 'https://host/?sv=1&sig=2' }],
    ['endpoint', { endpoint: 'https://me:secret@host' }],
    ['credential', { credential: { accountKey: 'plain' as never } }],
    ['credential', { credential: { sas: '?sig=1' as never } }],
    ['partBytes', { partBytes: 1000 }],
    ['concurrency', { concurrency: 0 }],
    ['pageKeys', { pageKeys: 5001 }],
    ['attempts', { attempts: 0 }],
    ['immutability', { immutability: 'on' as never }],
    ["no option 'key'", { key: 1 } as never],
  ])('refuses what makes no sense: %s', (part, options) => {
    const invalid = expect.objectContaining({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining(part),
    });
    expect(() => azureObjectStore({ account: 'a', container: 'b', ...options })).toThrow(invalid);
  });

  it('names its place by a URL, and what it can hold', () => {
    const store = azureObjectStore({ account: 'acct', container: 'vault', prefix: 'prod/a b' });
    expect(store.url).toBe('azure://acct/vault/prod/a%20b');
    expect(store.properties).toEqual({
      ifAbsent: true,
      serverSideCopy: false,
      maxObjectBytes: 5 * 1024 ** 4,
      atomic: true,
      retention: false,
      maxKeyBytes: 1024 - 'prod/a b/'.length,
    });
    const elsewhere = { account: 'acct', container: 'vault', endpoint: 'https://blob.example' };
    expect(azureObjectStore(elsewhere).url).toBe(
      'azure://acct/vault?endpoint=https%3A%2F%2Fblob.example',
    );
  });
});
