import { describe, expect, it } from 'vitest';
import { layeredStore } from '../../src/store/layered-store.ts';
import { memoryObjectStore } from '../../src/store/memory/memory-object-store.ts';
import { isReplayable, replayableBody } from '../../src/store/replayable-body.ts';
import { tappedBody } from '../../src/store/tapped-body.ts';
import { objectStoreSuite } from '../../src/testing/object-store-suite.ts';

objectStoreSuite('layeredStore without changes', async () => {
  const store = layeredStore(memoryObjectStore(), {});
  return { store, close: () => store.close() };
});

describe('layeredStore', () => {
  it('has the optional methods that the store below has, and those it is given', () => {
    const memory = memoryObjectStore();
    expect(Object.keys(layeredStore(memory, {}))).toContain('copy');
    expect(Object.keys(layeredStore(memory, {}))).not.toContain('sweep');
    const changed = layeredStore(memory, {
      copy: undefined,
      sweep: async () => ({ removed: 3 }),
    });
    expect('copy' in changed).toBe(false);
    return expect(changed.sweep!()).resolves.toEqual({ removed: 3 });
  });
});

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('tappedBody', () => {
  const upper = () => ({
    chunk: (chunk: Uint8Array) => bytes(Buffer.from(chunk).toString().toUpperCase()),
  });

  it('gives what the tap makes of each chunk, of bytes and of a stream', async () => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytes('ab');
      yield bytes('cd');
    }
    expect(await textOf(tappedBody(stream(), upper))).toBe('ABCD');
    expect(await textOf(tappedBody(bytes('ab'), upper))).toBe('AB');
  });

  it('can be read again when the body can, each time through a tap of its own', async () => {
    const counting = () => {
      let seen = 0;
      return { chunk: (chunk: Uint8Array) => bytes(`${chunk.byteLength + ++seen}`) };
    };
    const again = replayableBody(async function* again() {
      yield bytes('ab');
      yield bytes('cd');
    });
    for (const body of [bytes('ab'), again]) {
      const tapped = tappedBody(body, counting);
      expect(isReplayable(tapped)).toBe(true);
      expect(await textOf(tapped)).toBe(await textOf(tapped));
    }
    const once = tappedBody(again[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>, upper);
    expect(isReplayable(once)).toBe(false);
  });

  it('does not end before its end was told of, nor when that fails', async () => {
    const told: string[] = [];
    const tap = { chunk: (chunk: Uint8Array) => chunk, end: async () => void told.push('end') };
    const iterator = tappedBody(bytes('ab'), () => tap)[Symbol.asyncIterator]();
    await iterator.next();
    expect(told).toEqual([]);
    expect((await iterator.next()).done).toBe(true);
    expect(told).toEqual(['end']);
    const failing = { ...tap, end: () => Promise.reject(new Error('no')) };
    await expect(textOf(tappedBody(bytes('ab'), () => failing))).rejects.toThrow('no');
  });

  it('closes a body at once, also while that keeps the reader waiting', async () => {
    const closed = Promise.withResolvers<void>();
    const hanging = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: async () => {
          closed.resolve();
          return { done: true as const, value: undefined };
        },
      }),
    };
    const iterator = tappedBody(hanging, upper)[Symbol.asyncIterator]();
    void iterator.next();
    await iterator.return!();
    await closed.promise;
  });
});
