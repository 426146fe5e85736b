import { describe, expect, it } from 'vitest';
import { cacheBy, flow, memoryRunStore, task, type TaskOptions } from '@holdfast/core';
import { z } from 'zod';
import { counted, once, warningsOf } from './counted.ts';
import { bench, expectNoUnhandledRejections } from './support.ts';

expectNoUnhandledRejections();

describe('a cache policy', () => {
  it('of inputs looks at the arguments, futures among them, as they were given', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const one = task(async (n: number) => n, { name: 'one' });
    const { engine } = bench();
    const f = flow(async () => [await double(1), await double.submit(one.submit(1))], {
      name: 'f',
    });
    expect(await engine.run(f)).toEqual([2, 2]);
    expect(calls).toEqual([1]);
  });

  it('of inputs takes what is left out for what is undefined', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const { engine } = bench();
    const f = flow(async () => [await double(1), await double(1, undefined)], { name: 'f' });
    expect(await engine.run(f)).toEqual([2, 2]);
    expect(calls).toEqual([1]);
  });

  it('leaves parameters out that it is told to', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs.without('_note') });
    const { engine } = bench();
    await engine.run(once(double), [1, 'a']);
    await engine.run(once(double), [1, 'b']);
    await engine.run(once(double), [1]);
    await engine.run(once(double), [2, 'a']);
    expect(calls).toEqual([1, 2]);
  });

  it('of source executes a changed function again', async () => {
    const calls: string[] = [];
    const versions = [
      async (n: number) => (calls.push('old'), n),
      async (n: number) => (calls.push('new'), n + 0),
    ];
    const { engine } = bench();
    for (const fn of [...versions, ...versions]) {
      await engine.run(once(task(fn, { name: 'same', cache: cacheBy.source })), [1]);
    }
    expect(calls).toEqual(['old', 'new']);
  });

  it('of run is shared within the flow run alone, whatever the task is called with', async () => {
    const { calls, double } = counted({ cache: cacheBy.run });
    const outer = task(async (n: number) => double(n), { name: 'outer' });
    const inner = flow(async (n: number) => double(n), { name: 'inner' });
    const f = flow(async () => [await double(1), await outer(2), await inner(3)], { name: 'f' });
    const { engine } = bench();
    expect(await engine.run(f)).toEqual([2, 2, 6]);
    expect(await engine.run(f)).toEqual([2, 2, 6]);
    expect(calls).toEqual([1, 3, 1, 3]);
  });

  it('of flowParameters is shared by flow runs with equal arguments', async () => {
    const { calls, double } = counted({ cache: cacheBy.flowParameters });
    const { engine } = bench();
    const f = flow(async (_day: string, n: number) => double(n), { name: 'f' });
    const g = flow(async (_day: string) => double(9), { name: 'g' });
    for (const day of ['mon', 'tue', 'mon']) await engine.run(f, [day, 1]);
    await engine.run(g, ['mon']);
    expect(calls).toEqual([1, 1, 9]);
  });

  it('joined with another looks at what both look at; with none it is itself', async () => {
    const { engine } = bench();
    const executions = async (cache: typeof cacheBy.inputs) => {
      const { calls, double } = counted({ cache, name: `double ${Math.random()}` });
      const f = once(async (n, note) => [await double(n, note), await double(n, `${note}!`)]);
      for (const n of [1, 2, 1]) await engine.run(f, [n, 'x']);
      return calls.length;
    };
    expect(await executions(cacheBy.inputs.without('_note'))).toBe(2);
    expect(await executions(cacheBy.inputs.without('_note').and(cacheBy.run))).toBe(3);
    expect(await executions(cacheBy.inputs.without('_note').and(cacheBy.inputs))).toBe(4);
    expect(await executions(cacheBy.none.and(cacheBy.run))).toBe(3);
    expect(await executions(cacheBy.none)).toBe(6);
  });

  it('is a function of the arguments, alone or joined; where that gives undefined nothing is cached', async () => {
    const byNote = (_n: number, note?: string): string | undefined => note;
    for (const cache of [byNote, cacheBy.source.and(byNote)]) {
      const { calls, double } = counted({ cache });
      const there = bench();
      const codes = warningsOf(there);
      const f = once(double);
      await there.engine.run(f, [1, 'a']);
      expect(await there.engine.run(f, [2, 'a'])).toBe(2);
      await there.engine.run(f, [3]);
      await there.engine.run(f, [3]);
      expect(calls).toEqual([1, 3, 3]);
      expect(codes).toEqual([]);
    }
  });

  it('is one of each flow and task: equal arguments of another give nothing', async () => {
    const { engine } = bench();
    const first = task(async (n: number) => `first ${n}`, { name: 'a', cache: cacheBy.inputs });
    const second = task(async (n: number) => `second ${n}`, { name: 'b', cache: cacheBy.inputs });
    const third = flow(async (n: number) => `third ${n}`, { name: 'a', cache: cacheBy.inputs });
    const f = flow(async () => [await first(1), await second(1), await third(1)], { name: 'f' });
    expect(await engine.run(f)).toEqual(['first 1', 'second 1', 'third 1']);
  });

  it('serves whole flows, at the top and below', async () => {
    let calls = 0;
    const sum = flow(async (...all: number[]) => (calls++, all.reduce((a, b) => a + b, 0)), {
      name: 'sum',
      cache: cacheBy.inputs,
    });
    const there = bench();
    const { engine } = there;
    expect(await engine.run(sum, [1, 2])).toBe(3);
    const again = await engine.start(sum, [1, 2]);
    expect(await again.result()).toBe(3);
    expect((await again.state()).name).toBe('Cached');
    expect(await engine.run(flow(async () => sum(1, 2), { name: 'around' }))).toBe(3);
    expect(calls).toBe(1);
  });

  it('sees what a schema was given', async () => {
    const seen: unknown[] = [];
    const { engine } = bench();
    const text = z.coerce.number();
    const half = task(async (n: number) => n / 2, {
      name: 'half',
      input: text,
      cache: (n: unknown) => (seen.push(n), String(n)),
    });
    const whole = flow(async (n: number) => n, {
      name: 'whole',
      input: text,
      cache: (n: unknown) => (seen.push(n), String(n)),
    });
    const f = flow(async () => half('4'), { name: 'f' });
    expect([await engine.run(f), await engine.run(f)]).toEqual([2, 2]);
    expect(await engine.run(whole, ['7'])).toBe(7);
    expect(seen).toEqual(['4', '4', '7']);
  });
});

describe('what cannot be hashed', () => {
  it.each([
    ['arguments', { cache: cacheBy.inputs }, [1, (() => 1) as never]],
    [
      'a function that throws',
      {
        cache: () => {
          throw new Error('boom');
        },
      },
      [1],
    ],
    ['a function that gives no text', { cache: () => 7 as never }, [1]],
  ] as [string, TaskOptions<[n: number, note?: string], number>, [number, string?]][])(
    '%s: runs uncached, with a warning',
    async (_, options, args) => {
      const { calls, double } = counted(options);
      const there = bench({ store: memoryRunStore() });
      const codes = warningsOf(there);
      const f = flow(async () => [await double(...args), await double(...args)], { name: 'f' });
      expect(await there.engine.run(f)).toEqual([2, 2]);
      expect(calls).toEqual([1, 1]);
      expect(codes).toEqual(['CACHE_KEY_MISSING', 'CACHE_KEY_MISSING']);
    },
  );
});
