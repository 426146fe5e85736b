import { layeredStore, memoryObjectStore } from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';
import { withBandwidth } from '../../src/layers/index.ts';
import { all } from '../streams.ts';

const MB = 1_000_000;

async function* chunks(bytes: number, size: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= size) yield new Uint8Array(Math.min(size, left));
}

/** How long something takes on the clock, in seconds. */
async function seconds(clock: TestClock, work: Promise<unknown>): Promise<number> {
  const started = clock.now();
  await clock.runUntil(work);
  return (clock.now() - started) / 1000;
}

describe('withBandwidth', () => {
  it.each([
    ['a stream', () => chunks(10 * MB, 64_000)],
    ['a stream of large chunks', () => chunks(10 * MB, 5 * MB)],
    ['bytes', () => new Uint8Array(10 * MB)],
  ])('writes %s no faster than it may, and hardly slower', async (_, body) => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { up: MB, clock });
    const took = await seconds(clock, store.put('a', body()));
    expect(took).toBeGreaterThan(9.7);
    expect(took).toBeLessThan(10.1);
  });

  it('reads no faster than it may, and hardly slower', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { down: MB, clock });
    await store.put('a', new Uint8Array(10 * MB));
    const took = await seconds(clock, all(store.get('a')));
    expect(took).toBeGreaterThan(9.7);
    expect(took).toBeLessThan(10.1);
  });

  it('divides what is large, so that nothing passes in bursts', async () => {
    const clock = new TestClock();
    const memory = memoryObjectStore();
    const sizes: number[] = [];
    const watched = layeredStore(memory, {
      async put(key, body, options) {
        for await (const chunk of body as AsyncIterable<Uint8Array>) sizes.push(chunk.byteLength);
        return memory.put(key, Buffer.alloc(0), options);
      },
    });
    const store = withBandwidth(watched, { up: MB, down: MB, clock });
    await clock.runUntil(store.put('a', new Uint8Array(MB + 1)));
    expect(sizes).toEqual([250_000, 250_000, 250_000, 250_000, 1]);
    await memory.put('b', new Uint8Array(MB));
    const read = await clock.runUntil(all(store.get('b')));
    expect(read.map((chunk) => chunk.byteLength)).toEqual([250_000, 250_000, 250_000, 250_000]);
  });

  it('divides the rate among all that is under way', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { up: MB, clock });
    const puts = ['a', 'b', 'c', 'd'].map((key) => store.put(key, chunks(MB, 50_000)));
    expect(await seconds(clock, Promise.all(puts))).toBeGreaterThan(3.8);
  });

  it('does not save up for later what was not used', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { up: MB, clock });
    await clock.advance(3_600_000);
    expect(await seconds(clock, store.put('a', chunks(4 * MB, 64_000)))).toBeGreaterThan(3.8);
  });

  it('is not held up by a clock that is set back', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { up: MB, clock });
    await clock.runUntil(store.put('a', chunks(MB, 64_000)));
    clock.jump(clock.now() - 86_400_000);
    expect(await seconds(clock, store.put('b', chunks(MB, 64_000)))).toBeLessThan(3);
  });

  it('leaves the other way and copies alone', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { down: 1, clock });
    await store.put('a', new Uint8Array(MB));
    await store.copy!('a', 'b');
    expect(clock.waiting).toBe(0);
  });

  it('is given up at once when the signal aborts', async () => {
    const clock = new TestClock();
    const store = withBandwidth(memoryObjectStore(), { up: 1000, clock });
    const controller = new AbortController();
    const { signal } = controller;
    const put = store.put('a', new Uint8Array(MB), { signal });
    await clock.advance(1500);
    controller.abort(new Error('cancelled'));
    await expect(put).rejects.toThrow('cancelled');
    expect(clock.waiting).toBe(0);
  });

  it('refuses options that make no sense', () => {
    const memory = memoryObjectStore();
    expect(() => withBandwidth(memory, {})).toThrow('nothing is bounded');
    expect(() => withBandwidth(memory, { up: 0 })).toThrow('up is 0');
    expect(() => withBandwidth(memory, { down: Number.NaN })).toThrow('down is NaN');
  });
});
