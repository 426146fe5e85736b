import { layeredStore, memoryObjectStore } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { faultyObjectStore, TestClock } from '@holdfast/core/testing';
import type { ObjectStoreMethod } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { withRetries, withTimeouts } from '../../src/layers/index.ts';
import { all, textOf, texts } from '../streams.ts';

const HOUR = 3_600_000;
const BOUNDS = { call: '10s', step: '20s', copy: '30s' } as const;

/** A store that takes an hour for one kind of call, with bounds over it. */
async function slow(on: ObjectStoreMethod, times = 1) {
  const clock = new TestClock();
  const memory = memoryObjectStore();
  await memory.put('a', Buffer.from('some bytes'));
  const faulty = faultyObjectStore(memory, [{ fault: 'delay', on, ms: HOUR, times }], { clock });
  return { clock, memory, store: withTimeouts(faulty, { ...BOUNDS, clock }) };
}

const CALLS: readonly [ObjectStoreMethod, number, (store: ObjectStore) => Promise<unknown>][] = [
  ['head', 10_000, (store) => store.head('a')],
  ['delete', 10_000, (store) => store.delete('a')],
  ['retainedUntil', 10_000, (store) => store.retainedUntil!('a')],
  ['freeBytes', 10_000, (store) => store.freeBytes!()],
  ['put', 20_000, (store) => store.put('b', texts('x'))],
  ['get', 20_000, (store) => textOf(store, 'a')],
  ['list', 20_000, (store) => all(store.list(''))],
  ['copy', 30_000, (store) => store.copy!('a', 'b')],
];

describe('a call that takes too long', () => {
  it.each(CALLS)('%s: fails after %i ms, and may pass', async (method, ms, call) => {
    const { clock, store } = await slow(method);
    const started = clock.now();
    await expect(clock.runUntil(call(store))).rejects.toMatchObject({
      problem: 'unavailable',
      retryable: true,
      message: expect.stringContaining(`took longer than ${ms} ms`),
    });
    expect(clock.now() - started).toBe(ms);
  });

  it.each(CALLS.filter(([method]) => method !== 'freeBytes'))(
    '%s: is aborted, and lets go of its timers',
    async (method, ms, call) => {
      const { clock, store } = await slow(method);
      await expect(clock.runUntil(call(store))).rejects.toThrow(`${ms} ms`);
      expect(clock.waiting).toBe(0);
    },
  );

  it('is made again by the layer above', async () => {
    const { clock, store } = await slow('head', 2);
    const retried = withRetries(store, { retries: 2, clock });
    expect(await clock.runUntil(retried.head('a'))).toMatchObject({ bytes: 10 });
  });

  it("throws the reason of the caller's signal when that comes first", async () => {
    const { clock, store } = await slow('head');
    const controller = new AbortController();
    const head = store.head('a', { signal: controller.signal });
    await clock.advance(5000);
    controller.abort(new Error('cancelled'));
    await expect(head).rejects.toThrow('cancelled');
    expect(clock.waiting).toBe(0);
  });
});

describe('a step of a stream', () => {
  it('is bounded each for itself: a long read passes, a chunk that does not come ends it', async () => {
    const clock = new TestClock();
    const memory = memoryObjectStore();
    async function* chunks(waits: readonly number[], signal?: AbortSignal) {
      for (const ms of waits) {
        await new Promise<void>((resolve, reject) => {
          clock.setTimer(ms, resolve);
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
        yield Buffer.from('x');
      }
    }
    const waits = { whole: [19_000, 19_000, 19_000], stuck: [1000, 21_000] };
    const dripping = layeredStore(memory, {
      get: (key, options) => chunks(waits[key as 'whole'], options?.signal),
    });
    const store = withTimeouts(dripping, { step: '20s', clock });
    expect(await clock.runUntil(textOf(store, 'whole'))).toBe('xxx');
    await expect(clock.runUntil(textOf(store, 'stuck'))).rejects.toThrow('20000 ms');
  });

  it('does not count the time of the reader', async () => {
    const { clock, store } = await slow('head');
    for await (const chunk of store.get('a')) {
      await clock.advance(HOUR);
      expect(chunk.byteLength).toBe(10);
    }
    for await (const { key } of store.list('')) {
      await clock.advance(HOUR);
      expect(key).toBe('a');
    }
    expect(clock.waiting).toBe(0);
  });

  it('does not count the time of the body', async () => {
    const { clock, memory, store } = await slow('head');
    async function* body(): AsyncGenerator<Uint8Array> {
      for (const text of ['slow ', 'dump']) {
        await clock.advance(HOUR);
        yield Buffer.from(text);
      }
    }
    await store.put('b', body());
    expect(await textOf(memory, 'b')).toBe('slow dump');
    expect(clock.waiting).toBe(0);
  });

  it('counts the time after the last chunk of a body', async () => {
    const clock = new TestClock();
    const memory = memoryObjectStore();
    const unfinished = layeredStore(memory, {
      async put(key, body, options) {
        await memory.put(key, body, options);
        return new Promise((_, reject) => {
          options?.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        });
      },
    });
    const store = withTimeouts(unfinished, { step: '20s', clock });
    await expect(clock.runUntil(store.put('b', texts('x')))).rejects.toThrow('20000 ms');
  });
});

describe('withTimeouts', () => {
  it('bounds nothing that it was not told to', async () => {
    const clock = new TestClock();
    const faulty = faultyObjectStore(
      memoryObjectStore(),
      ['head', 'put', 'copy'].map((on) => ({ fault: 'delay', on: on as 'head', ms: HOUR })),
      { clock },
    );
    const store = withTimeouts(faulty, { copy: '1s', clock });
    await clock.runUntil(store.head('a'));
    await clock.runUntil(store.put('a', texts('x')));
    await expect(clock.runUntil(store.copy!('a', 'b'))).rejects.toThrow('1000 ms');
  });

  it('refuses options that make no sense', () => {
    const memory = memoryObjectStore();
    expect(() => withTimeouts(memory, {})).toThrow('nothing is bounded');
    expect(() => withTimeouts(memory, { call: 'soon' })).toThrow(
      expect.objectContaining({ code: 'DURATION_INVALID' }),
    );
    expect(() => withTimeouts(memory, { idle: 5 } as never)).toThrow("no option 'idle'");
  });
});
