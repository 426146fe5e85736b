import { memoryObjectStore } from '@holdfast/core';
import { faultyObjectStore, TestClock } from '@holdfast/core/testing';
import type { ObjectStoreFault } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { withMetrics } from '../../src/layers/index.ts';
import type { StoreCall } from '../../src/layers/index.ts';
import { all, brokenBody, textOf, texts } from '../streams.ts';

async function measured(plan: readonly ObjectStoreFault[] = []) {
  const clock = new TestClock();
  const memory = memoryObjectStore();
  for (const key of ['a', 'b']) await memory.put(key, Buffer.from('some bytes'));
  const calls: StoreCall[] = [];
  const faulty = faultyObjectStore(memory, plan, { clock });
  const store = withMetrics(faulty, (call) => calls.push(call), { clock });
  return { clock, store, calls };
}

describe('withMetrics', () => {
  it('tells of every call what it was about and how much has passed', async () => {
    const { store, calls, clock } = await measured();
    await store.put('c', texts('three ', 'words'));
    await textOf(store, 'a');
    await store.head('a');
    await all(store.list(''));
    await store.copy!('a', 'd');
    await store.retainedUntil!('a');
    await store.freeBytes!();
    await store.delete('a');
    const call = { key: 'a', ms: 0, startedAt: clock.now(), bytes: 0, objects: 0, outcome: 'done' };
    expect(calls).toEqual([
      { ...call, method: 'put', key: 'c', bytes: 11 },
      { ...call, method: 'get', bytes: 10 },
      { ...call, method: 'head' },
      { ...call, method: 'list', key: '', objects: 3 },
      { ...call, method: 'copy' },
      { ...call, method: 'retainedUntil' },
      { ...call, method: 'freeBytes', key: '' },
      { ...call, method: 'delete' },
    ]);
  });

  it('tells how long it took, of a stream from its first step to its last', async () => {
    const { clock, store, calls } = await measured([{ fault: 'delay', on: 'get', ms: 700 }]);
    const stream = store.get('a');
    await clock.advance(5000);
    await clock.runUntil(all(stream));
    expect(calls).toMatchObject([{ method: 'get', ms: 1400 }]);
  });

  it('tells how it ended', async () => {
    const { store, calls } = await measured([
      { fault: 'fail', on: 'head' },
      { fault: 'break', on: 'get', nth: 2, afterBytes: 4 },
    ]);
    await expect(store.head('a')).rejects.toMatchObject({ problem: 'unavailable' });
    for await (const chunk of store.get('a')) {
      expect(chunk.byteLength).toBe(10);
      break;
    }
    await expect(textOf(store, 'a')).rejects.toMatchObject({ problem: 'unavailable' });
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(store.head('a', { signal })).rejects.toThrow('cancelled');
    await expect(store.put('c', brokenBody())).rejects.toThrow('the dump broke');
    expect(
      calls.map(({ method, outcome, problem, bytes }) => [method, outcome, problem, bytes]),
    ).toEqual([
      ['head', 'failed', 'unavailable', 0],
      ['get', 'left', undefined, 10],
      ['get', 'failed', 'unavailable', 4],
      ['head', 'aborted', undefined, 0],
      ['put', 'failed', undefined, 4],
    ]);
  });

  it('is not disturbed by who watches', async () => {
    const store = withMetrics(memoryObjectStore(), () => {
      throw new Error('the watcher broke');
    });
    await store.put('a', texts('x'));
    expect(await textOf(store, 'a')).toBe('x');
  });

  it('refuses options that it does not know', () => {
    const options = { timer: 1 } as never;
    expect(() => withMetrics(memoryObjectStore(), () => undefined, options)).toThrow('timer');
  });
});
