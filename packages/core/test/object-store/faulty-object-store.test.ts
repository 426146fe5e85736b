import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock/clock.ts';
import { memoryObjectStore } from '../../src/store/memory/memory-object-store.ts';
import { ObjectStoreError } from '../../src/store/object-store.ts';
import { faultyObjectStore } from '../../src/testing/faulty-object-store.ts';
import type { ObjectStoreFault } from '../../src/testing/faulty-object-store.ts';
import { objectStoreSuite } from '../../src/testing/object-store-suite.ts';
import { readAll } from './altered-store.ts';

objectStoreSuite('faultyObjectStore without a plan', async () => {
  const store = faultyObjectStore(memoryObjectStore(), []);
  return { store, close: () => store.close() };
});

const BYTES = Buffer.from('0123456789');

async function faulty(...plan: ObjectStoreFault[]) {
  const inner = memoryObjectStore();
  await inner.put('a', BYTES);
  return { inner, store: faultyObjectStore(inner, plan) };
}

async function text(store: Parameters<typeof readAll>[0], key = 'a'): Promise<string> {
  return (await readAll(store, key)).toString();
}

const UNAVAILABLE = { problem: 'unavailable', retryable: true };

describe('a scripted fault', () => {
  it('strikes the nth call that matches, as often as planned', async () => {
    const { store } = await faulty({ fault: 'fail', on: 'head', key: 'a', nth: 2, times: 2 });
    expect(store.unspent()).toHaveLength(1);
    await store.head('b');
    await store.head('a');
    await expect(store.head('a')).rejects.toMatchObject(UNAVAILABLE);
    await store.head('b');
    await expect(store.head('a')).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.head('a')).toBeDefined();
    expect(store.unspent()).toEqual([]);
    expect(store.calls.map(({ key }) => key).join('')).toBe('baabaa');
  });

  it('is aimed by a pattern, and throws what it was given', async () => {
    const error = new ObjectStoreError('denied', 'no right to it');
    const { store } = await faulty({ fault: 'fail', on: 'put', key: /\.zst$/, error });
    await store.put('dump.age', BYTES);
    await expect(store.put('dump.zst', BYTES)).rejects.toBe(error);
    await store.put('dump.zst', BYTES);
  });

  it.each(['delete', 'copy', 'freeBytes', 'list'] as const)('reaches %s', async (on) => {
    const { store } = await faulty({ fault: 'fail', on });
    const calls = {
      delete: () => store.delete('a'),
      copy: () => store.copy!('a', 'b'),
      freeBytes: () => store.freeBytes!(),
      list: async () => {
        for await (const info of store.list('')) expect(info.key).toBe('a');
      },
    };
    await expect(calls[on]()).rejects.toMatchObject(UNAVAILABLE);
    await calls[on]();
  });

  it('breaks a read half way', async () => {
    const { store } = await faulty({ fault: 'break', on: 'get', afterBytes: 4 });
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of store.get('a')) seen.push(Buffer.from(chunk).toString());
    };
    await expect(reading()).rejects.toMatchObject(UNAVAILABLE);
    expect(seen).toEqual(['0123']);
    expect(await text(store)).toBe('0123456789');
  });

  it('cuts a read short without a word', async () => {
    const { store } = await faulty({ fault: 'cut', on: 'get', afterBytes: 4 });
    expect(await text(store)).toBe('0123');
    expect(await text(store)).toBe('0123456789');
  });

  it('writes a part and reports the whole', async () => {
    const { inner, store } = await faulty({ fault: 'short-write', on: 'put', bytes: 3 });
    expect(await store.put('b', BYTES)).toMatchObject({ bytes: 10 });
    expect(await text(inner, 'b')).toBe('012');
  });

  it('loses a write that it reports', async () => {
    const { inner, store } = await faulty({ fault: 'lose', on: 'put' });
    expect(await store.put('b', BYTES)).toMatchObject({ key: 'b', bytes: 10 });
    expect(await inner.head('b')).toBeUndefined();
  });

  it('does a write and loses the answer', async () => {
    const { inner, store } = await faulty({ fault: 'lost-answer', on: 'put' });
    await expect(store.put('b', BYTES)).rejects.toMatchObject(UNAVAILABLE);
    expect(await text(inner, 'b')).toBe('0123456789');
  });

  it('flips a bit of a read, and of a read only', async () => {
    const { store } = await faulty({ fault: 'flip', on: 'get', atByte: 5 });
    expect(await text(store)).toBe('0123446789');
    expect(await text(store)).toBe('0123456789');
  });

  it('flips a bit of what is kept', async () => {
    const { inner, store } = await faulty({ fault: 'flip', on: 'put', atByte: 0 });
    expect(await store.put('b', BYTES)).toMatchObject({ bytes: 10 });
    expect(await text(inner, 'b')).toBe('1123456789');
  });

  it('lies about sizes', async () => {
    const { store } = await faulty(
      { fault: 'wrong-size', on: 'put', bytes: 7 },
      { fault: 'wrong-size', on: 'head', bytes: ({ bytes }) => bytes - 1 },
      { fault: 'wrong-size', on: 'list', bytes: 0 },
    );
    expect(await store.put('a', BYTES)).toMatchObject({ bytes: 7 });
    expect(await store.head('a')).toMatchObject({ bytes: 9 });
    for await (const info of store.list('')) expect(info.bytes).toBe(0);
    expect(await store.head('a')).toMatchObject({ bytes: 10 });
  });
});

/** A clock that moves by hand; timers fire as it passes them. */
function handClock() {
  let now = 0;
  const timers = new Map<() => void, number>();
  const clock: Clock = {
    now: () => now,
    setTimer(ms, callback) {
      timers.set(callback, now + ms);
      return { clear: () => void timers.delete(callback) };
    },
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const [callback, due] of timers) if (due <= now && timers.delete(callback)) callback();
  };
  return { clock, advance, waiting: () => timers.size };
}

describe('a store that is away or slow', () => {
  it('is away for a number of calls, whatever they are', async () => {
    const { store } = await faulty({ fault: 'outage', nth: 2, times: 3 });
    await store.head('a');
    await expect(store.put('b', BYTES)).rejects.toMatchObject(UNAVAILABLE);
    await expect(readAll(store, 'a')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.delete('a')).rejects.toMatchObject(UNAVAILABLE);
    expect(await text(store)).toBe('0123456789');
  });

  it('is away for a time, on its clock', async () => {
    const { clock, advance } = handClock();
    const inner = memoryObjectStore();
    const store = faultyObjectStore(inner, [{ fault: 'outage', forMs: 1000 }], { clock });
    await expect(store.head('a')).rejects.toMatchObject(UNAVAILABLE);
    advance(999);
    await expect(store.head('a')).rejects.toMatchObject(UNAVAILABLE);
    advance(1);
    expect(await store.head('a')).toBeUndefined();
    expect(store.unspent()).toEqual([]);
  });

  it('lets a read wait, before it begins and before every chunk', async () => {
    const { clock, advance, waiting } = handClock();
    const inner = memoryObjectStore();
    await inner.put('a', BYTES);
    const plan = [{ fault: 'delay', on: 'get', ms: 50 }] as const;
    const store = faultyObjectStore(inner, plan, { clock });
    let read: string | undefined;
    const reading = text(store).then((bytes) => (read = bytes));
    for (let wait = 0; wait < 2; wait++) {
      await expect.poll(waiting).toBe(1);
      expect(read).toBeUndefined();
      advance(50);
    }
    expect(await reading).toBe('0123456789');
  });

  it('lets a slow call be given up', async () => {
    const { clock } = handClock();
    const plan = [{ fault: 'delay', on: 'put', ms: 50 }] as const;
    const store = faultyObjectStore(memoryObjectStore(), plan, { clock });
    const controller = new AbortController();
    const put = store.put('a', BYTES, { signal: controller.signal });
    controller.abort(new Error('cancelled'));
    await expect(put).rejects.toThrow('cancelled');
  });
});
