import { secret } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it, vi } from 'vitest';
import { bodyOf } from '../bodies.ts';
import { ScriptedS3 } from './scripted-s3.ts';

vi.setConfig({ testTimeout: 60_000 });

const MIB = 1024 * 1024;
const OLD = 11 * MIB;
const NEW = 12 * MIB;
const SMALL = 10;
const ABSENT = { ifAbsent: true } as const;

/** How it ends: with a request that does not arrive, or with one that is done and whose answer nobody hears. */
const WAYS = ['cut', 'lost-answer'] as const;

/** The store as another process opens it: it knows nothing of what the first one has under way. */
async function nextProcess(endpoint: string): Promise<ObjectStore> {
  vi.resetModules();
  const { s3ObjectStore } = await import('../../src/s3/index.ts');
  const secretAccessKey = secret('env:HOLDFAST_TEST_S3_SECRET');
  const credentials = { accessKeyId: 'test', secretAccessKey };
  return s3ObjectStore({ bucket: 'scripted', endpoint, credentials });
}

/** Works until its nth request, from which on nothing of it arrives; answers whether it was that far. */
async function workUntil(
  nth: number,
  way: (typeof WAYS)[number],
  old: boolean,
  work: (store: ObjectStore) => Promise<unknown>,
) {
  const { server, endpoint, store } = await ScriptedS3.start();
  const working = store({ attempts: 1, concurrency: 1, copyBytes: 5 * MIB });
  await working.put('source', bodyOf(NEW));
  if (old) await working.put('a', bodyOf(OLD));
  let made = 0;
  server.script = () => {
    made++;
    if (made < nth) return undefined;
    return made === nth ? way : 'cut';
  };
  const isAcknowledged = await work(working).then(
    () => true,
    () => false,
  );
  const wasKilled = made >= nth;
  server.script = () => undefined;
  return { server, endpoint, isAcknowledged, wasKilled };
}

describe.each(WAYS)('a process that is killed at any of its requests (%s)', (way) => {
  it.each([
    ['a small put', OLD, SMALL, (store: ObjectStore) => store.put('a', Buffer.alloc(SMALL))],
    ['a put in parts', OLD, NEW, (store: ObjectStore) => store.put('a', bodyOf(NEW))],
    [
      'a put if absent',
      undefined,
      NEW,
      (store: ObjectStore) => store.put('a', bodyOf(NEW), ABSENT),
    ],
    ['a copy', OLD, NEW, (store: ObjectStore) => store.copy!('source', 'a')],
    [
      'a copy if absent',
      undefined,
      NEW,
      (store: ObjectStore) => store.copy!('source', 'a', ABSENT),
    ],
    ['a delete', OLD, undefined, (store: ObjectStore) => store.delete('a')],
  ])('%s leaves what was or what shall be, and a sweep nothing', async (_, old, shall, work) => {
    let nth = 1;
    for (; ; nth++) {
      const { server, endpoint, isAcknowledged, wasKilled } = await workUntil(
        nth,
        way,
        old !== undefined,
        work,
      );
      const after = await nextProcess(endpoint);
      const bytes = (await after.head('a'))?.bytes;
      expect([old, shall], `request ${nth}`).toContain(bytes);
      if (isAcknowledged) expect(bytes, `request ${nth}`).toBe(shall);
      // Services tell whole seconds: what has just begun is not yet past.
      for (const upload of server.uploads.values()) upload.begunAt = new Date(0);
      for (const upload of server.uploads.values()) upload.partAt = new Date(0);
      await after.sweep!();
      expect(server.uploads.size, `request ${nth}`).toBe(0);
      await after.close();
      if (!wasKilled) break;
      expect(nth).toBeLessThan(40);
    }
    expect(nth).toBeGreaterThan(1);
  });
});
