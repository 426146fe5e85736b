import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task, type Outcome } from '@holdfast/core';
import { expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

const same = task(async (n: number) => n, { name: 'same' });
const boxed = task(async (n: number) => ({ n }), { name: 'boxed' });

async function inFlow<T>(body: () => Promise<T>): Promise<T> {
  const engine = createEngine({ store: memoryRunStore() });
  const result = await engine.run(flow(body, { name: 'body' }));
  await engine.stop();
  return result as T;
}

/** Collects garbage, in whichever process the tests run. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  await turn();
  (runInNewContext('gc') as () => void)();
}

describe('the event loop of the host', () => {
  it('gets its turns while tasks follow each other on a store that answers at once', async () => {
    const fired = await inFlow(async () => {
      let timer = false;
      setTimeout(() => (timer = true), 1);
      // Without a turn the timer would fire when all of them are over.
      for (let n = 0; n < 50_000 && !timer; n++) await same(n);
      return timer;
    });
    expect(fired).toBe(true);
  });

  it('gets its turns while many tasks run at once', async () => {
    const fired = await inFlow(async () => {
      let before = 0;
      let timer = false;
      setTimeout(() => (timer = true), 1);
      for await (const _ of same.with({ concurrency: 10 }).map(Array(5_000).keys())) {
        if (!timer) before++;
      }
      return before < 5_000;
    });
    expect(fired).toBe(true);
  });
});

/** How many of the first values of a list are still held when most of it has been read. The list is held by its reader alone. */
async function heldOf<T>(
  read: () => AsyncIterable<T>,
  value: (each: T) => object,
): Promise<number> {
  const seen: WeakRef<object>[] = [];
  for await (const each of read()) {
    seen.push(new WeakRef(value(each)));
    if (seen.length < 90) continue;
    await collect();
    return seen.slice(0, 50).filter((ref) => ref.deref() !== undefined).length;
  }
  throw new Error('the list was too short');
}

describe('the memory of the host', () => {
  it('is given back as a list is read in order', async () => {
    const list = () => boxed.map(Array(100).keys());
    expect(await inFlow(() => heldOf(list, (value) => value))).toBe(0);
  });

  it('is given back as a list is read as it completes', async () => {
    const list = () => boxed.map(Array(100).keys()).asCompleted();
    const valueOf = ({ outcome }: { outcome: Outcome<object> }): object =>
      outcome.ok ? outcome.value : outcome.error;
    expect(await inFlow(() => heldOf(list, valueOf))).toBe(0);
  });
});
