import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { TestClock } from '../../src/testing/test-clock.ts';
import { memoryObjectStore } from '../../src/store/memory/memory-object-store.ts';
import { objectStoreSuite } from '../../src/testing/object-store-suite.ts';

objectStoreSuite('memoryObjectStore', async () => {
  const store = memoryObjectStore();
  return { store, close: () => store.close() };
});

objectStoreSuite('memoryObjectStore with room enough', async () => {
  const store = memoryObjectStore({ capacity: 64 * 1024 * 1024 });
  return { store, close: () => store.close() };
});

describe('memoryObjectStore with a capacity', () => {
  const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(7);

  it('is full when an object does not fit, and keeps nothing of it', async () => {
    const store = memoryObjectStore({ capacity: 100 });
    await store.put('a', bytes(60));
    await expect(store.put('b', bytes(41))).rejects.toMatchObject({
      code: 'OBJECT_STORE_FULL',
      problem: 'full',
      retryable: false,
    });
    expect(await store.freeBytes!()).toBe(40);
    expect(await store.head('b')).toBeUndefined();
    await store.put('b', bytes(40));
    expect(await store.freeBytes!()).toBe(0);
  });

  it('stops reading a body when it is full, and closes it', async () => {
    const store = memoryObjectStore({ capacity: 100 });
    let given = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          given++;
          yield bytes(30);
        }
      } finally {
        closed = true;
      }
    }
    await expect(store.put('a', endless())).rejects.toMatchObject({ problem: 'full' });
    expect({ given, closed }).toEqual({ given: 4, closed: true });
    expect(await store.freeBytes!()).toBe(100);
  });

  it('counts an object that is replaced until its successor is whole', async () => {
    const store = memoryObjectStore({ capacity: 100 });
    await store.put('a', bytes(60));
    await expect(store.put('a', bytes(50))).rejects.toMatchObject({ problem: 'full' });
    await store.put('a', bytes(40));
    expect(await store.freeBytes!()).toBe(60);
    await store.delete('a');
    await store.delete('a');
    expect(await store.freeBytes!()).toBe(100);
  });

  it('gives back the room of writes that fail', async () => {
    const store = memoryObjectStore({ capacity: 100 });
    const controller = new AbortController();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes(30);
      throw new Error('the dump broke');
    }
    async function* aborting(): AsyncGenerator<Uint8Array> {
      yield bytes(30);
      controller.abort(new Error('cancelled'));
    }
    await store.put('taken', bytes(10));
    await expect(store.put('a', broken())).rejects.toThrow('the dump broke');
    const { signal } = controller;
    await expect(store.put('a', aborting(), { signal })).rejects.toThrow('cancelled');
    await expect(store.put('taken', bytes(5), { ifAbsent: true })).rejects.toThrow('already');
    expect(await store.freeBytes!()).toBe(90);
  });

  it('refuses a capacity that is no number of bytes', () => {
    expect(() => memoryObjectStore({ capacity: -1 })).toThrow('no capacity');
    expect(() => memoryObjectStore({ capacity: Number.NaN })).toThrow('no capacity');
  });
});

describe('memoryObjectStore', () => {
  it('refuses a body that is no bytes', async () => {
    const store = memoryObjectStore();
    const text = Readable.from(['text']);
    await expect(store.put('a', text)).rejects.toMatchObject({ problem: 'invalid' });
    expect(await store.head('a')).toBeUndefined();
  });

  it('does not know how many bytes are free without a capacity', async () => {
    expect(await memoryObjectStore().freeBytes!()).toBeUndefined();
  });

  it('has a URL that tells which one it is', () => {
    expect(memoryObjectStore({ name: 'off site' }).url).toBe('memory:off%20site');
  });
});

describe('memoryObjectStore, with an object that is kept until a time', () => {
  it('refuses to replace and to delete it before, and does both afterwards', async () => {
    const clock = new TestClock();
    const store = memoryObjectStore({ clock });
    const retainUntil = clock.now() + 1000;
    await store.put('a', Buffer.from('kept'), { retainUntil });
    const denied = {
      problem: 'denied',
      retryable: false,
      message: expect.stringContaining('kept'),
    };
    await expect(store.delete('a')).rejects.toMatchObject(denied);
    await expect(store.put('a', Buffer.from('new'))).rejects.toMatchObject(denied);
    await expect(store.copy!('a', 'a')).rejects.toMatchObject(denied);
    expect((await store.head('a'))?.bytes).toBe(4);
    expect(await store.retainedUntil!('a')).toBe(retainUntil);
    await clock.advance(1000);
    await store.put('a', Buffer.from('new'));
    expect(await store.retainedUntil!('a')).toBeUndefined();
    await store.delete('a');
  });
});
