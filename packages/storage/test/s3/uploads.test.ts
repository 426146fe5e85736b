import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bodyOf, stuckBody } from '../bodies.ts';
import { ScriptedS3 } from './scripted-s3.ts';
import { hasSwift, MIB, testBucket, useSwift } from './swift.ts';
import type { Bucket } from './swift.ts';

vi.setConfig({ testTimeout: 120_000 });
useSwift();

const LARGE = 16 * MIB;

/** The keys of the uploads that the service keeps. */
async function uploadsIn({ client, name }: Bucket): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
  return Uploads.map(({ Key = '' }) => Key);
}

/** An upload that somebody has begun, with a part. */
async function begin({ client, name }: Bucket, key: string): Promise<void> {
  const target = { Bucket: name, Key: key };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const part = { ...target, UploadId, PartNumber: 1, Body: Buffer.alloc(5 * MIB) };
  await client.send(new UploadPartCommand(part));
}

describe.runIf(hasSwift)('a write in parts that fails', () => {
  it.each<[string, (store: ObjectStore) => Promise<unknown>]>([
    [
      'as its body breaks',
      (store) =>
        store.put(
          'a',
          bodyOf(LARGE, (given) => given < LARGE - MIB || Promise.reject(new Error('broken'))),
        ),
    ],
    [
      'as it is aborted between two chunks',
      (store) => {
        const controller = new AbortController();
        const body = bodyOf(LARGE, (given) => given === 12 * MIB && controller.abort());
        return store.put('a', body, { signal: controller.signal });
      },
    ],
    [
      'as it is aborted while its body hangs',
      (store) => {
        const controller = new AbortController();
        const { body, stuck, closed } = stuckBody(12 * MIB);
        const put = store.put('a', body, { signal: controller.signal });
        void stuck.then(() => controller.abort());
        return Promise.all([put, closed]);
      },
    ],
  ])('%s: leaves no upload and no part', async (_, write) => {
    const bucket = await testBucket();
    const store = bucket.store();
    await expect(write(store)).rejects.toThrow(/./);
    await store.close();
    expect(await uploadsIn(bucket)).toEqual([]);
    expect(await bucket.parts()).toEqual([]);
  });

  it('leaves no upload either when it is aborted at its very beginning', async () => {
    const bucket = await testBucket();
    const store = bucket.store();
    for (let turn = 0; turn < 10; turn++) {
      const controller = new AbortController();
      const put = store.put('a', stuckBody(LARGE).body, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('cancelled')), turn * 15);
      await expect(put).rejects.toThrow('cancelled');
    }
    await store.close();
    expect(await uploadsIn(bucket)).toEqual([]);
  });

  it.each([
    ['the next write', (store: ObjectStore) => store.put('b', bodyOf(10))],
    ['a sweep', (store: ObjectStore) => store.sweep!()],
    ['its end', (store: ObjectStore) => store.close()],
  ])('is cleared away by %s when the service could not be reached', async (_, later) => {
    const bucket = await testBucket();
    const store = bucket.store({ attempts: 1 });
    bucket.line.cut({ up: 8 * MIB });
    await expect(store.put('a', bodyOf(LARGE))).rejects.toMatchObject({ problem: 'unavailable' });
    expect(await uploadsIn(bucket)).toEqual(['a']);
    bucket.line.mend();
    await later(store);
    await vi.waitFor(async () => expect(await uploadsIn(bucket)).toEqual([]), 20_000);
  });
});

/** Swift rounds times up to whole seconds: what has just begun may have begun a second from now. */
async function sweepsOne(store: ObjectStore, prefix = ''): Promise<void> {
  const sweep = async (): Promise<void> => {
    expect(await store.sweep!({ olderThan: 0, prefix })).toEqual({ removed: 1 });
  };
  await vi.waitFor(sweep, { timeout: 20_000, interval: 200 });
}

describe.runIf(hasSwift)('an uploader that is killed', () => {
  it('leaves no object, and an upload that a sweep removes', async () => {
    const bucket = await testBucket();
    const program = fileURLToPath(new URL('uploader-child.ts', import.meta.url));
    const place = [String(bucket.line.port), bucket.name, 'killed'];
    const args = ['--conditions=@holdfast/source', program, ...place];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      if (Number(line) === 25) break;
    }
    child.kill('SIGKILL');
    expect(await exit).toEqual([null, 'SIGKILL']);
    expect(await uploadsIn(bucket)).toEqual(['killed']);
    const store = bucket.store();
    expect(await store.head('killed')).toBeUndefined();
    // It may be another's that is under way.
    expect(await store.sweep!()).toEqual({ removed: 0 });
    await sweepsOne(store);
    expect(await uploadsIn(bucket)).toEqual([]);
    await vi.waitFor(async () => expect(await bucket.parts()).toEqual([]), 20_000);
  });
});

describe.runIf(hasSwift)('a sweep', () => {
  it('spares what is too young, is not below its prefix, or is under no key of a store', async () => {
    const bucket = await testBucket();
    const keys = ['prod/a', 'prod/b/c', 'prod/.holdfast-x', 'other', 'prod/d/'];
    for (const key of keys) await begin(bucket, key);
    const store = bucket.store({ prefix: 'prod' });
    expect(await store.sweep!({ olderThan: '1h' })).toEqual({ removed: 0 });
    await sweepsOne(store, 'b/');
    await sweepsOne(store);
    expect((await uploadsIn(bucket)).length).toBe(3);
    await sweepsOne(bucket.store());
    expect(new Set(await uploadsIn(bucket))).toEqual(new Set(['prod/.holdfast-x', 'prod/d/']));
  });
});

describe('a sweep of old uploads', () => {
  it('spares one whose parts still come, and looks at all of their pages', async () => {
    const { server, store } = await ScriptedS3.start();
    const sweeping = store();
    const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
    const ages = { young: [1, 1], coming: [90, 1], stopped: [90, 25], empty: [90, undefined] };
    for (const [key, [begun, part]] of Object.entries(ages)) {
      const parts = new Map(part === undefined ? [] : [1, 2, 3].map((n) => [n, Buffer.alloc(1)]));
      const at = { begunAt: hoursAgo(begun!), partAt: hoursAgo(part ?? 0) };
      server.uploads.set(`upload-${key}`, { key, meta: {}, lock: undefined, parts, ...at });
    }
    expect(await sweeping.sweep!()).toEqual({ removed: 2 });
    expect(new Set(server.uploads.keys())).toEqual(new Set(['upload-young', 'upload-coming']));
    expect(await sweeping.sweep!({ olderThan: '30m' })).toEqual({ removed: 2 });
  });

  it.each([-4, 4])(
    "goes by the service's clock where this machine's is %i days off",
    async (days) => {
      const { server, store } = await ScriptedS3.start();
      const now = Date.now();
      for (const [key, hours] of [
        ['live', 1],
        ['dead', 90],
      ] as const) {
        const at = new Date(now - hours * 3_600_000);
        const parts = new Map([[1, Buffer.alloc(1)]]);
        server.uploads.set(key, { key, meta: {}, lock: undefined, parts, begunAt: at, partAt: at });
      }
      server.script = () => ({ headers: { date: new Date(now).toUTCString() } });
      vi.useFakeTimers({ toFake: ['Date'], now: now + days * 24 * 3_600_000 });
      onTestFinished(() => void vi.useRealTimers());
      expect(await store().sweep!()).toEqual({ removed: 1 });
      expect([...server.uploads.keys()]).toEqual(['live']);
    },
  );

  it('is not disturbed by one that is completed meanwhile, and ends when it is aborted', async () => {
    const { server, store } = await ScriptedS3.start();
    const at = new Date(0);
    for (const key of ['a', 'b']) {
      const parts = new Map([[1, Buffer.alloc(1)]]);
      server.uploads.set(key, { key, meta: {}, lock: undefined, parts, begunAt: at, partAt: at });
    }
    server.script = ({ kind, key }) => {
      if (kind === 'GET ?uploadId' && key === 'a') server.uploads.delete('a');
      return undefined;
    };
    expect(await store().sweep!()).toEqual({ removed: 1 });
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(store().sweep!({ signal })).rejects.toThrow('cancelled');
  });
});
