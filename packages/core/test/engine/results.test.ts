import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cacheBy, flow, memoryObjectStore, runContext, secret, task } from '@holdfast/core';
import type { CompletedState, ObjectStore, TaskRun } from '@holdfast/core';
import { crashAtEveryStep, seededRandom, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

const LIMIT = 1000;
const large = task(async (n: number) => ({ at: new Date(n), text: 'ö'.repeat(n) }), {
  name: 'large',
});

async function keysIn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

async function textOf(store: ObjectStore, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('a result that is too large for the run store', () => {
  it('lies in the object store, named and hashed in the record, and is read back', async () => {
    const store = memoryObjectStore();
    const b = bench({ results: { store, inlineUpTo: LIMIT, prefix: 'prod/results' } });
    const f = flow(async () => [await large(5), await large(2000)], { name: 'f' });
    const handle = await b.engine.start(f, []);
    const value = await handle.result();
    expect(value).toEqual([
      { at: new Date(5), text: 'ööööö' },
      { at: new Date(2000), text: 'ö'.repeat(2000) },
    ]);
    const [small, big] = await b.engine.below(handle.id);
    expect((small!.state as CompletedState).result).toHaveProperty('inline');
    const key = `prod/results/${handle.id}/${big!.id}.1.1.1.json`;
    expect(await keysIn(store)).toEqual([`prod/results/${handle.id}/${handle.id}.1.1.1.json`, key]);
    const text = await textOf(store, key);
    expect((big!.state as CompletedState).result).toEqual({
      object: key,
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    });
    const reader = bench({ store: b.store, results: { store } });
    expect(await (await reader.engine.find(handle.id)).result()).toEqual(value);
  });

  it('is one byte larger than what lies inline', async () => {
    const store = memoryObjectStore();
    const b = bench({ results: { store, inlineUpTo: LIMIT } });
    const text = task(async (n: number) => '\u0001'.repeat(n), { name: 'text' });
    // Six bytes a character, and the quotes.
    await b.engine.run(flow(async () => [(await text(166)).length], { name: 'f' }));
    expect(await keysIn(store)).toEqual([]);
    await b.engine.run(flow(async () => [(await text(167)).length], { name: 'f' }));
    expect(await keysIn(store)).toHaveLength(1);
  });

  it('is refused without an object store when it takes more than 8 MiB', async () => {
    const b = bench();
    const text = task(async (n: number) => 'x'.repeat(n), { name: 'text', retries: 3 });
    const f = flow(async (n: number) => (await text(n)).length, { name: 'f' });
    expect(await b.engine.run(f, [8 * 1024 ** 2 - 2])).toBe(8 * 1024 ** 2 - 2);
    const error = await b.engine.run(f, [8 * 1024 ** 2 - 1]).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'RESULT_TOO_LARGE', retryable: false });
    const failed = await b.engine.runs({ kind: 'task', states: ['FAILED'] });
    expect(failed).toMatchObject([{ attempts: 1 }]);
  });

  it('is refused when no text can hold it', async () => {
    const b = bench({ results: { store: memoryObjectStore() } });
    const part = 'x'.repeat(20_000);
    const { stringify } = JSON;
    // As it does from half a gigabyte on, which takes long to make.
    const spy = vi.spyOn(JSON, 'stringify').mockImplementation((value: unknown) => {
      if (Array.isArray(value) && value[0] === part) throw new RangeError('Invalid string length');
      return stringify(value);
    });
    onTestFinished(() => spy.mockRestore());
    const list = task(async () => [part], { name: 'list' });
    const run = b.engine.run(flow(async () => (await list()).length, { name: 'f' }));
    await expect(run).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE' });
  });

  it('is told to hooks, and is not put anywhere when it holds a secret', async () => {
    const store = memoryObjectStore();
    const told: number[] = [];
    const b = bench({
      results: { store, inlineUpTo: LIMIT },
      secrets: { vault: async () => 'open sesame' },
    });
    const hooked = large.with({ onSuccess: ({ text }) => void told.push(text.length) });
    const leak = task(
      async () => 'x'.repeat(2000) + (await runContext().secret(secret('vault:x'))),
      { name: 'leak' },
    );
    const f = flow(async () => [(await hooked(2000)).text.length, (await leak()).length], {
      name: 'f',
    });
    await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'SECRET_IN_VALUE' });
    expect(told).toEqual([2000]);
    expect(await keysIn(store)).toHaveLength(1);
  });
});

describe('over a crash', () => {
  it('what was kept in the object store is not executed again', async () => {
    const store = memoryObjectStore();
    const executed = new Map<number, number>();
    const each = task(
      async (n: number) => {
        executed.set(n, (executed.get(n) ?? 0) + 1);
        return 'x'.repeat(n);
      },
      { name: 'each' },
    );
    const sub = flow(async (n: number) => `${await each(n)}y`, { name: 'sub' });
    const f = flow(
      async () => {
        const parts = [await each(2000), await sub(3000), await each(5)];
        return { lengths: parts.map(({ length }) => length), parts };
      },
      { name: 'f' },
    );
    const most = new Map<number, number>();
    const report = await crashAtEveryStep(f, {
      engine: { results: { store, inlineUpTo: LIMIT } },
      prepare: () => executed.clear(),
      check: () => {
        for (const [n, times] of executed) most.set(n, Math.max(most.get(n) ?? 0, times));
      },
    });
    expect(report.result.lengths).toEqual([2000, 3001, 5]);
    expect(report.crashes).toBeGreaterThan(12);
    // Only what was under way at a crash runs twice.
    expect([...most.values()]).toEqual([2, 2, 2]);
  }, 60_000);

  it('a holder that was replaced overwrites nothing', async () => {
    const objects = memoryObjectStore();
    const open = gate();
    const slow: ObjectStore = Object.assign(Object.create(objects) as ObjectStore, {
      put: async (...args: Parameters<ObjectStore['put']>) => {
        await open.opened;
        return objects.put(...args);
      },
    });
    let word = 'first';
    const speak = task(async () => word.repeat(500), { name: 'speak' });
    const f = flow(async () => (await speak()).length, { name: 'f' });
    const inner = durableStore();
    const results = { inlineUpTo: LIMIT };
    const one = bench({ store: inner, results: { store: slow, ...results } });
    const first = await one.engine.start(f, []);
    await turns();
    word = 'second';
    const clock = new TestClock(Date.UTC(2027, 0, 1));
    const two = bench({
      store: inner,
      flows: [f],
      clock,
      random: seededRandom(5),
      results: { store: objects, ...results },
    });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]!.result()).toBe(3000);
    open.open();
    await expect(first.result()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    const [child] = await two.engine.below(first.id);
    expect((await keysIn(objects)).map((key) => key.split('.').at(-2))).toEqual(['1', '2']);
    const { result } = child!.state as CompletedState;
    expect(await textOf(objects, (result as { object: string }).object)).toContain('secondsecond');
  });

  it('another engine needs the object store', async () => {
    const b = bench({ results: { store: memoryObjectStore(), inlineUpTo: LIMIT } });
    const f = flow(async () => (await large(2000)).text, { name: 'f' });
    const handle = await b.engine.start(f, []);
    await handle.result();
    const without = bench({ store: b.store });
    const found = await without.engine.find(handle.id);
    await expect(found.result()).rejects.toMatchObject({ code: 'STORED_VALUE_INVALID' });
    const elsewhere = bench({ store: b.store, results: { store: memoryObjectStore() } });
    const again = await elsewhere.engine.find(handle.id);
    await expect(again.result()).rejects.toMatchObject({ code: 'RESULT_MISSING' });
  });
});

describe('a large result that is cached', () => {
  const wide = task(async () => 'x'.repeat(2000), { name: 'wide', cache: cacheBy.source });
  const f = flow(async (_n: number) => (await wide()).length, { name: 'f' });

  it('is kept anew with the run that is served it', async () => {
    const store = memoryObjectStore();
    const b = bench({ results: { store, inlineUpTo: LIMIT } });
    const [one, two] = [await b.engine.start(f, [1]), await b.engine.start(f, [2])];
    expect([await one.result(), await two.result()]).toEqual([2000, 2000]);
    const [served] = (await b.engine.runs({ stateNames: ['Cached'] })) as [TaskRun];
    const { object } = (served.state as CompletedState).result as { object: string };
    expect(object).toBe(`results/${served.rootId}/${served.id}.1.0.1.json`);
    expect(await keysIn(store)).toHaveLength(2);
    expect(await textOf(store, object)).toBe(`"${'x'.repeat(2000)}"`);
  });

  it('is computed anew when it is gone', async () => {
    const store = memoryObjectStore();
    const b = bench({ results: { store, inlineUpTo: LIMIT } });
    const codes: string[] = [];
    b.engine.events.on('warning', ({ code }) => codes.push(code));
    await b.engine.run(f, [1]);
    for (const key of await keysIn(store)) await store.delete(key);
    expect(await b.engine.run(f, [2])).toBe(2000);
    expect(new Set(codes)).toEqual(new Set(['CACHE_UNREADABLE']));
    expect(await keysIn(store)).toHaveLength(1);
  });
});

it.each([
  { store: undefined as never },
  { store: {} as never },
  { store: memoryObjectStore(), inlineUpTo: -1 },
  { store: memoryObjectStore(), inlineUpTo: 8 * 1024 ** 2 + 1 },
  { store: memoryObjectStore(), inlineUpTo: 0.5 },
  { store: memoryObjectStore(), prefix: '' },
  { store: memoryObjectStore(), prefix: 'results/' },
])('options that make no sense are refused: %j', (results) => {
  expect(() => bench({ results })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
});

it('a prefix that is no key is refused', () => {
  const results = { store: memoryObjectStore(), prefix: '../results' };
  expect(() => bench({ results })).toThrow(expect.objectContaining({ code: 'OBJECT_KEY_INVALID' }));
});
