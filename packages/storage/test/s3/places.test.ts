import { inspect } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { secretCanary } from '@holdfast/core/testing';
import { describe, expect, it, vi } from 'vitest';
import { all, textOf } from '../streams.ts';
import { bodyOf, untouchable } from '../bodies.ts';
import { hasSwift, MIB, PART_BYTES, testBucket, useSwift } from './swift.ts';

vi.setConfig({ testTimeout: 120_000 });
useSwift();

const CALLS: { readonly [name: string]: (store: ObjectStore) => Promise<unknown> } = {
  put: (store) => store.put('a', bodyOf(10)),
  'put in parts': (store) => store.put('a', bodyOf(PART_BYTES + 1)),
  get: (store) => textOf(store, 'a'),
  head: (store) => store.head('a'),
  list: (store) => all(store.list('')),
  delete: (store) => store.delete('a'),
  copy: (store) => store.copy!('a', 'b'),
  sweep: (store) => store.sweep!(),
};

describe.runIf(hasSwift)('a bucket that is not there', () => {
  it.each(Object.keys(CALLS))('is no empty place for %s', async (name) => {
    const bucket = await testBucket();
    const store = bucket.store({ bucket: 'no-such-bucket' });
    await expect(CALLS[name]!(store)).rejects.toMatchObject({
      problem: 'invalid',
      hint: expect.stringContaining('bucket'),
    });
  });
});

describe.runIf(hasSwift)('a key that the service does not accept', () => {
  it.each(Object.keys(CALLS))('is denied for %s, and told to nobody', async (name) => {
    const bucket = await testBucket();
    const canary = secretCanary();
    process.env['HOLDFAST_TEST_S3_WRONG'] = canary.value;
    const secretAccessKey = secret('env:HOLDFAST_TEST_S3_WRONG');
    const credentials = {
      accessKeyId: 'test:tester',
      secretAccessKey,
      sessionToken: secretAccessKey,
    };
    const failure = await CALLS[name]!(bucket.store({ credentials })).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ problem: 'denied', retryable: false });
    await canary.expectAbsent({ error: failure, shown: inspect(failure, { depth: 9 }) });
  });

  it('is told when it is not set at all', async () => {
    const bucket = await testBucket();
    const secretAccessKey = secret('env:HOLDFAST_TEST_NOT_SET');
    const store = bucket.store({ credentials: { accessKeyId: 'a', secretAccessKey } });
    await expect(store.head('a')).rejects.toMatchObject({ code: 'SECRET_MISSING' });
  });
});

describe.runIf(hasSwift)('a service without conditional writes', () => {
  it('refuses them, and says what to do', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ ifAbsent: 'conditional' });
    for (const bytes of [10, PART_BYTES + 1]) {
      const put = store.put('a', bodyOf(bytes), { ifAbsent: true });
      await expect(put).rejects.toMatchObject({
        problem: 'invalid',
        message: expect.stringContaining('501'),
        hint: expect.stringContaining("{ ifAbsent: 'looks' }"),
      });
    }
    expect(await all(store.list(''))).toEqual([]);
  });

  it('writes by looking, when told to', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ ifAbsent: 'looks' });
    await store.put('a', bodyOf(10), { ifAbsent: true });
    const again = store.put('a', untouchable, { ifAbsent: true });
    await expect(again).rejects.toMatchObject({ problem: 'exists' });
  });
});

describe.runIf(hasSwift)('a service that only looks as if it locked objects', () => {
  it('is found out', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ objectLock: 'governance' });
    const put = store.put('a', bodyOf(10), { retainUntil: Date.now() + 60_000 });
    await expect(put).rejects.toMatchObject({ problem: 'invalid' });
    expect(await store.head('a')).toBeUndefined();
  });
});

describe.runIf(hasSwift)('a part of a bucket', () => {
  it('holds the objects below a prefix, and no others', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ prefix: 'prod/a b' });
    const others = ['prod/a b', 'prod/a b-c/x', 'x', 'prod/a b/dir/', 'prod/a b/.holdfast-x/y'];
    for (const Key of others) {
      await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body: 'x' }));
    }
    await store.put('é/1', bodyOf(10));
    await store.copy!('é/1', 'copy');
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['copy', 'é/1']);
    expect((await all(store.list('é'))).map(({ key }) => key)).toEqual(['é/1']);
    await store.delete('copy');
    const whole = await all(bucket.store().list(''));
    expect(whole.map(({ key }) => key)).toEqual(['prod/a b', 'prod/a b-c/x', 'prod/a b/é/1', 'x']);
    const longest = `${'x'.repeat(199)}/`.repeat(6).slice(0, 1015);
    await expect(store.put(`${longest}yy`, untouchable)).rejects.toMatchObject({
      code: 'OBJECT_KEY_INVALID',
      message: expect.stringContaining('behind the prefix'),
    });
  });
});

describe.runIf(hasSwift)('a large copy', () => {
  it('is made in parts, of strange keys, too', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ copyBytes: PART_BYTES });
    const key = 'strange & + %2F ?#é/\u{1f5c4}';
    await store.put(key, bodyOf(12 * MIB + 5));
    const { bytes } = await store.copy!(key, 'copy');
    expect(bytes).toBe(12 * MIB + 5);
    const [one, two] = await Promise.all([all(store.get(key)), all(store.get('copy'))]);
    expect(Buffer.concat(one).equals(Buffer.concat(two))).toBe(true);
    await expect(store.copy!('nothing', 'copy')).rejects.toMatchObject({ problem: 'missing' });
  });

  it('leaves no upload when it is given up', async () => {
    const bucket = await testBucket();
    const store = bucket.store({ copyBytes: PART_BYTES });
    await store.put('a', bodyOf(12 * MIB));
    const controller = new AbortController();
    const copying = store.copy!('a', 'b', { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('cancelled')), 60);
    await copying.catch((error: unknown) => expect(error).toMatchObject({ message: 'cancelled' }));
    await store.close();
    expect(await bucket.store().sweep!({ olderThan: 0 })).toEqual({ removed: 0 });
  });
});

describe.runIf(hasSwift)("a machine whose clock is not the service's", () => {
  it.each([-3_600_000, 3_600_000])('is corrected by %i ms', async (skew) => {
    const bucket = await testBucket();
    const store = bucket.store();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skew });
    try {
      await store.put('a', bodyOf(10));
      expect(await store.head('a')).toMatchObject({ bytes: 10 });
    } finally {
      vi.useRealTimers();
    }
  });
});
