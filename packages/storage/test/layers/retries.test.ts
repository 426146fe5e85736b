import { layeredStore, memoryObjectStore, ObjectStoreError, replayableBody } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { faultyObjectStore, TestClock } from '@holdfast/core/testing';
import type { ObjectStoreFault, ObjectStoreMethod } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { withRetries } from '../../src/layers/index.ts';
import type { RetriedCall, RetryLayerOptions } from '../../src/layers/index.ts';
import { all, textOf, texts } from '../streams.ts';

const EVERY_SECOND = { limit: 3, delay: '1s' } as const;
const UNAVAILABLE = { problem: 'unavailable' };

/** A store that fails by a plan, with retries over it on a clock of the test's own. */
async function failing(plan: readonly ObjectStoreFault[], options: RetryLayerOptions = {}) {
  const clock = new TestClock();
  const memory = memoryObjectStore();
  await memory.put('a', Buffer.from('some bytes'));
  const faulty = faultyObjectStore(memory, plan);
  const store = withRetries(faulty, { retries: EVERY_SECOND, clock, ...options });
  const calls = (): string => faulty.calls.map(({ method }) => method).join(' ');
  return { clock, memory, store, calls };
}

describe('a call that fails with what may pass', () => {
  const CALLS: { readonly [method in ObjectStoreMethod]?: (store: ObjectStore) => unknown } = {
    put: (store) => store.put('b', Buffer.from('x')),
    get: (store) => textOf(store, 'a'),
    head: (store) => store.head('a'),
    list: (store) => all(store.list('')),
    delete: (store) => store.delete('a'),
    copy: (store) => store.copy!('a', 'b'),
    retainedUntil: (store) => store.retainedUntil!('a'),
    freeBytes: (store) => store.freeBytes!(),
  };

  it.each(Object.entries(CALLS))('%s: is made again after a wait', async (method, call) => {
    const on = method as 'head';
    const { clock, store, calls } = await failing([{ fault: 'fail', on, times: 2 }]);
    const started = clock.now();
    await clock.runUntil(Promise.resolve(call(store)));
    expect(calls()).toBe([method, method, method].join(' '));
    expect(clock.now() - started).toBe(2000);
  });

  it('fails at last with the error of the last try', async () => {
    const { clock, store, calls } = await failing([{ fault: 'outage', times: Infinity }]);
    await expect(clock.runUntil(store.head('a'))).rejects.toMatchObject(UNAVAILABLE);
    expect(calls()).toBe('head head head head');
  });

  it('waits longer each time, less what is left to chance, unless told otherwise', async () => {
    const told: RetriedCall[] = [];
    const { clock, store } = await failing([{ fault: 'outage', times: 4 }], {
      retries: undefined as never,
      random: () => 0.5,
      onRetry: (error, call) => {
        expect(error).toMatchObject(UNAVAILABLE);
        told.push(call);
      },
    });
    await clock.runUntil(store.head('a'));
    expect(told.map(({ delay }) => delay)).toEqual([375, 750, 1500, 3000]);
    expect(told[1]).toEqual({ method: 'head', key: 'a', attempt: 2, delay: 750 });
  });

  it('is given up at once when its signal aborts', async () => {
    const { clock, store, calls } = await failing([{ fault: 'outage', times: Infinity }]);
    const controller = new AbortController();
    const head = store.head('a', { signal: controller.signal });
    await clock.advance(1500);
    controller.abort(new Error('cancelled'));
    await expect(head).rejects.toThrow('cancelled');
    expect(calls()).toBe('head head');
    expect(clock.waiting).toBe(0);
  });
});

describe('a call that is not made again', () => {
  it.each(['missing', 'denied', 'exists', 'full', 'invalid'] as const)(
    'is one that fails as %s',
    async (problem) => {
      const error = new ObjectStoreError(problem, 'no');
      const { store, calls } = await failing([{ fault: 'fail', on: 'head', error }]);
      await expect(store.head('a')).rejects.toBe(error);
      expect(calls()).toBe('head');
    },
  );

  it('is one whose signal has a reason that may pass', async () => {
    const { store, calls } = await failing([]);
    const reason = new ObjectStoreError('unavailable', 'another store is down');
    await expect(store.head('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(calls()).toBe('head');
  });
});

describe('a put with retries', () => {
  it('writes bytes again, and what can be read again: all of it', async () => {
    const { clock, memory, store, calls } = await failing([
      { fault: 'lost-answer', on: 'put', times: 2 },
      { fault: 'lost-answer', on: 'put', nth: 4, times: 2 },
    ]);
    let opened = 0;
    const body = replayableBody(() => {
      opened++;
      return texts('read ', 'again');
    });
    await clock.runUntil(store.put('bytes', Buffer.from('bytes')));
    await clock.runUntil(store.put('body', body));
    expect(await textOf(memory, 'bytes')).toBe('bytes');
    expect(await textOf(memory, 'body')).toBe('read again');
    expect(opened).toBe(3);
    expect(calls()).toBe('put put put put put put');
  });

  it('writes a stream again of which nothing was read, and all of it', async () => {
    const { clock, memory, store, calls } = await failing([{ fault: 'fail', on: 'put', times: 2 }]);
    await clock.runUntil(store.put('b', texts('all ', 'of it')));
    expect(await textOf(memory, 'b')).toBe('all of it');
    expect(calls()).toBe('put put put');
  });

  it('does not write a stream again that was begun', async () => {
    const { memory, store, calls } = await failing([{ fault: 'lost-answer', on: 'put' }]);
    await expect(store.put('b', texts('once'))).rejects.toMatchObject(UNAVAILABLE);
    expect(calls()).toBe('put');
    expect(await textOf(memory, 'b')).toBe('once');
  });

  it('does not take the error of a body for one of the store', async () => {
    const { store, calls } = await failing([]);
    const error = new ObjectStoreError('unavailable', 'the store it is copied from is down');
    const broken = replayableBody(async function* broken() {
      yield Buffer.from('x');
      throw error;
    });
    await expect(store.put('b', broken)).rejects.toBe(error);
    expect(calls()).toBe('put');
  });

  it('closes a stream that nobody has read', async () => {
    const { clock, store } = await failing([{ fault: 'fail', on: 'put', times: 9 }]);
    let closed = 0;
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true as const, value: undefined }),
        return: async () => {
          closed++;
          return { done: true as const, value: undefined };
        },
      }),
    };
    await expect(clock.runUntil(store.put('b', body))).rejects.toMatchObject(UNAVAILABLE);
    expect(closed).toBe(1);
  });

  it.each(['put', 'copy'] as const)(
    'of %s: says that it does not know whether it has written, when the key is taken by then',
    async (on) => {
      const { clock, memory, store, calls } = await failing([{ fault: 'lost-answer', on }]);
      const absent = { ifAbsent: true };
      const writing =
        on === 'put' ? store.put('b', Buffer.from('mine'), absent) : store.copy!('a', 'b', absent);
      await expect(clock.runUntil(writing)).rejects.toMatchObject({
        problem: 'unavailable',
        message: expect.stringContaining('not known whether'),
      });
      expect(calls()).toBe(`${on} ${on}`);
      expect(await memory.head('b')).toBeDefined();
    },
  );

  it('says that the key is taken when it was so from the start', async () => {
    const { store } = await failing([]);
    const writing = store.put('a', Buffer.from('mine'), { ifAbsent: true });
    await expect(writing).rejects.toMatchObject({ problem: 'exists' });
  });
});

describe('a stream with retries', () => {
  it('does not read on in the middle, where another object may be by then', async () => {
    const { store, calls } = await failing([{ fault: 'break', on: 'get', afterBytes: 4 }]);
    const seen: string[] = [];
    const reading = async (): Promise<void> => {
      for await (const chunk of store.get('a')) seen.push(Buffer.from(chunk).toString());
    };
    await expect(reading()).rejects.toMatchObject(UNAVAILABLE);
    expect(seen).toEqual(['some']);
    expect(calls()).toBe('get');
  });

  it('lists on behind the last key that it has given, as often as it gets further', async () => {
    const clock = new TestClock();
    const memory = memoryObjectStore();
    const keys = ['a', 'b/c', 'b/d', '\uff5e', '\u{1f5c4}'];
    for (const key of keys) await memory.put(key, Buffer.from('x'));
    let listings = 0;
    const breaking = layeredStore(memory, {
      async *list(prefix, options) {
        const whole = await all(memory.list(prefix, options));
        yield* whole.slice(0, ++listings);
        if (listings < keys.length) throw new ObjectStoreError('unavailable', 'broken');
      },
    });
    const store = withRetries(breaking, { retries: { limit: 1, delay: 10 }, clock });
    const listed = await clock.runUntil(all(store.list('')));
    expect(listed.map(({ key }) => key)).toEqual(keys);
    expect(listings).toBe(5);
  });
});

describe('withRetries', () => {
  it('refuses options that make no sense', () => {
    const memory = memoryObjectStore();
    const bad = { code: 'OPTIONS_INVALID' };
    expect(() => withRetries(memory, { retries: -1 })).toThrow(expect.objectContaining(bad));
    const unknown = { limit: 3 } as RetryLayerOptions;
    expect(() => withRetries(memory, unknown)).toThrow("no option 'limit'");
  });
});
