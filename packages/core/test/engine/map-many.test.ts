import { describe, expect, it } from 'vitest';
import { allowFailure, flow, memoryRunStore, task } from '@holdfast/core';
import { bench, durableStore, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

const double = task(async (n: number) => n * 2, { name: 'double' });

describe('a map over 100,000 items', () => {
  const COUNT = 100_000;
  const CONCURRENCY = 50;

  it('holds no more of them than are under way, and gives all in their order', async () => {
    const held = { now: 0, most: 0, pulled: 0 };
    const work = task(
      async (n: number) => {
        held.now--;
        return n;
      },
      { name: 'work' },
    );
    function* items(): Generator<number> {
      for (let n = 0; n < COUNT; n++) {
        held.pulled++;
        held.most = Math.max(held.most, ++held.now);
        yield n;
      }
    }
    const f = flow(
      async () => {
        let next = 0;
        for await (const n of work.with({ concurrency: CONCURRENCY }).map(items())) {
          if (n !== next) throw new Error(`${n} in place of ${next}`);
          next++;
        }
        return next;
      },
      { name: 'f' },
    );
    expect(await bench({ store: memoryRunStore() }).engine.run(f)).toBe(COUNT);
    expect(held.pulled).toBe(COUNT);
    expect(held.most).toBeLessThanOrEqual(CONCURRENCY);
  }, 180_000);

  it('is taken as one input by what comes after it', async () => {
    const count = task(async (all: readonly unknown[]) => all.length, { name: 'count' });
    const f = flow(
      async () => {
        const list = double.map(Array.from({ length: COUNT }, (_, n) => n));
        return count.submit(allowFailure(list));
      },
      { name: 'f' },
    );
    expect(await bench({ store: memoryRunStore() }).engine.run(f)).toBe(COUNT);
  }, 180_000);
});

describe('a key per item', () => {
  const keyed = double.with({ key: (n) => `item ${n % 3}` });

  it('is the identity of its run: equal keys with equal arguments are one', async () => {
    const calls: number[] = [];
    const noted = task(
      async (n: number) => {
        calls.push(n);
        return n;
      },
      { name: 'noted', key: (n) => `item ${n}` },
    );
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => noted.map([3, 1, 3, 2, 1]), { name: 'f' }),
      [],
    );
    expect(await handle.result()).toEqual([3, 1, 3, 2, 1]);
    expect(calls).toEqual([3, 1, 2]);
    const keys = (await b.engine.below(handle.id)).map(({ key }) => key);
    expect(keys).toEqual(['item 3', 'item 1', 'item 2']);
  });

  it('is refused where it stands for two', async () => {
    const f = flow(async () => keyed.map([1, 2, 4]), { name: 'f' });
    await expect(bench().engine.run(f)).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it('finds the run again where the items have changed their order', async () => {
    const calls: number[] = [];
    const names = [3, 1, 2];
    let broken = true;
    const noted = task(
      async (n: number) => {
        calls.push(n);
        return n;
      },
      { name: 'noted', key: (n) => `item ${n}` },
    );
    const f = flow(
      async () => {
        const all = await noted.map(names);
        if (broken) throw new Error('once');
        return all;
      },
      { name: 'f' },
    );
    const b = bench({ store: durableStore(), flows: [f] });
    const handle = await b.engine.start(f, []);
    await handle.outcome();
    broken = false;
    names.reverse();
    expect(await (await b.engine.retry(handle.id)).result()).toEqual([2, 1, 3]);
    expect(calls).toEqual([3, 1, 2]);
  });
});
