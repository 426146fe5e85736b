import { layeredStore, memoryObjectStore } from '@holdfast/core';
import type { ObjectStore } from '@holdfast/core';
import { describe, expect, it } from 'vitest';
import { withConcurrency } from '../../src/layers/index.ts';
import { all, brokenBody, textOf, texts } from '../streams.ts';

/** A store whose heads end when the test says so; counts what is at work at once. */
function gated() {
  const memory = memoryObjectStore();
  const started: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  let atWork = 0;
  let most = 0;
  const store = layeredStore(memory, {
    async head(key, options) {
      started.push(key);
      most = Math.max(most, ++atWork);
      const gate = Promise.withResolvers<void>();
      ends.set(key, gate);
      try {
        await gate.promise;
        return await memory.head(key, options);
      } finally {
        atWork--;
      }
    },
  });
  return { store, started, ends, most: () => most };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('withConcurrency', () => {
  it('lets no more calls work at once, and others in their order', async () => {
    const { store, started, ends, most } = gated();
    const limited = withConcurrency(store, { calls: 2 });
    const heads = Promise.all(['a', 'b', 'c', 'd'].map((key) => limited.head(key)));
    await turn();
    expect(started).toEqual(['a', 'b']);
    ends.get('b')!.resolve();
    await turn();
    expect(started).toEqual(['a', 'b', 'c']);
    for (const key of ['a', 'c', 'd']) {
      ends.get(key)!.resolve();
      await turn();
    }
    await heads;
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(most()).toBe(2);
  });

  it('counts all kinds of calls as one', async () => {
    const { store, ends } = gated();
    await store.put('a', Buffer.from('x'));
    const limited = withConcurrency(store, { calls: 1 });
    const head = limited.head('a');
    const settled: string[] = [];
    const calls: { readonly [name: string]: () => Promise<unknown> } = {
      put: () => limited.put('b', texts('x')),
      get: () => textOf(limited, 'a'),
      list: () => all(limited.list('')),
      copy: () => limited.copy!('a', 'c'),
      retainedUntil: () => limited.retainedUntil!('a'),
      freeBytes: () => limited.freeBytes!(),
      delete: () => limited.delete('a'),
    };
    const waiting = Object.entries(calls).map(([name, call]) =>
      call().then(() => settled.push(name)),
    );
    await turn();
    expect(settled).toEqual([]);
    ends.get('a')!.resolve();
    await Promise.all([head, ...waiting]);
    expect(settled.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(Object.keys(calls).toSorted());
  });

  it('lets a store be written from itself and looked at while it is listed, one call at a time', async () => {
    const limited = withConcurrency(memoryObjectStore(), { calls: 1 });
    await limited.put('a', texts('one', 'two'));
    await limited.put('b', limited.get('a'));
    for await (const { key } of limited.list('')) {
      expect(await limited.head(key)).toBeDefined();
      for await (const chunk of limited.get(key)) await limited.put(`${key}/copy`, chunk);
    }
    expect(await textOf(limited, 'b')).toBe('onetwo');
  });

  it('gives a place back when a call fails or a stream is left', async () => {
    const limited = withConcurrency(memoryObjectStore(), { calls: 1 });
    await expect(textOf(limited, 'nothing')).rejects.toMatchObject({ problem: 'missing' });
    await expect(limited.put('a', brokenBody())).rejects.toThrow('the dump broke');
    await limited.put('a', texts('x'));
    for await (const chunk of limited.get('a')) {
      expect(chunk.byteLength).toBe(1);
      break;
    }
    expect(await textOf(limited, 'a')).toBe('x');
  });

  it('takes no place for a call that is given up while it waits', async () => {
    const { store, started, ends } = gated();
    const limited = withConcurrency(store, { calls: 1 });
    const first = limited.head('a');
    const controller = new AbortController();
    const second = limited.head('b', { signal: controller.signal });
    const third = limited.head('c');
    await turn();
    controller.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    ends.get('a')!.resolve();
    await first;
    await turn();
    expect(started).toEqual(['a', 'c']);
    ends.get('c')!.resolve();
    await third;
  });

  it('gives back the place that a write got after it was given up', async () => {
    const { store, ends } = gated();
    const limited: ObjectStore = withConcurrency(store, { calls: 1 });
    const controller = new AbortController();
    const asked = Promise.withResolvers<void>();
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          asked.resolve();
          return new Promise<never>(() => undefined);
        },
      }),
    };
    const put = limited.put('x', body, { signal: controller.signal });
    await asked.promise;
    const head = limited.head('a');
    controller.abort(new Error('cancelled'));
    await expect(put).rejects.toThrow('cancelled');
    ends.get('a')!.resolve();
    await head;
    await limited.put('y', texts('x'));
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %d calls', (calls) => {
    expect(() => withConcurrency(memoryObjectStore(), { calls })).toThrow('make no sense');
  });
});
