import { describe, expect, it } from 'vitest';
import { flow, task } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

const double = task(async (n: number) => n * 2, { name: 'double' });
const odd = task(
  async (n: number) => {
    if (n % 2 === 1) throw new Error(`odd ${n}`);
    return n;
  },
  { name: 'odd' },
);

async function inFlow<T>(body: () => Promise<T>): Promise<unknown> {
  return bench().engine.run(flow(body, { name: 'body' }));
}

async function* later(): AsyncGenerator<number> {
  yield* [1, 2, 3];
}

function* broken(): Generator<number> {
  yield 2;
  throw new Error('source broke');
}

describe('map', () => {
  it('takes arrays, iterables, async iterables, and futures of them', async () => {
    const numbers = task(async () => [1, 2, 3], { name: 'numbers' });
    const all = await inFlow(async () => ({
      array: await double.map([1, 2, 3]),
      set: await double.map(new Set([1, 2, 3])),
      async: await double.map(later()),
      future: await double.map(numbers.submit()),
      list: await double.map(double.map([1, 2, 3])),
      futures: await double.map([1, double.submit(1), 3]),
      args: await task(async (a: number, b: string) => `${a}${b}`, { name: 'pair' }).mapArgs([
        [1, 'a'],
        [double.submit(1), 'b'],
      ]),
      none: await double.map([]),
    }));
    const expected = [2, 4, 6];
    expect(all).toEqual({
      array: expected,
      set: expected,
      async: expected,
      future: expected,
      list: [4, 8, 12],
      futures: [2, 4, 6],
      args: ['1a', '2b'],
      none: [],
    });
  });

  it('gives results in the order of the items, whatever ends first', async () => {
    const gates = [gate(), gate(), gate()];
    const wait = task(async (n: number) => gates[n]?.opened.then(() => n), { name: 'wait' });
    const b = bench();
    const handle = await b.engine.start(
      flow(
        async () => {
          const list = wait.map([0, 1, 2]);
          const completed: number[] = [];
          for await (const { index } of list.asCompleted()) completed.push(index);
          const read: (number | undefined)[] = [];
          for await (const value of list) read.push(value);
          return { completed, read };
        },
        { name: 'f' },
      ),
      [],
    );
    for (const each of [2, 0, 1]) {
      await turns();
      gates[each]?.open();
    }
    expect(await handle.result()).toEqual({ completed: [2, 0, 1], read: [0, 1, 2] });
  });

  it('pulls an item only when a slot is free, and never runs more at once than told', async () => {
    const [opened, pulled]: [(() => void)[], number[]] = [[], []];
    let running = 0;
    let most = 0;
    const work = task(
      async (n: number) => {
        most = Math.max(most, ++running);
        const g = gate();
        opened.push(g.open);
        await g.opened;
        running--;
        return n;
      },
      { name: 'work' },
    );
    function* items(): Generator<number> {
      for (let n = 0; n < 10; n++) {
        pulled.push(n);
        yield n;
      }
    }
    const f = flow(async () => work.with({ concurrency: 3 }).map(items()), { name: 'f' });
    const handle = await bench().engine.start(f, []);
    await turns();
    expect(pulled).toEqual([0, 1, 2]);
    for (let n = 0; n < 10; n++) {
      opened[n]?.();
      await turns();
      expect(pulled.length).toBe(Math.min(10, n + 4));
    }
    expect(await handle.result()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(most).toBe(3);
  });

  it.each([['abc'], [5], [null], [undefined], [{ a: 1 }]])('refuses %j at once', async (items) => {
    const f = flow(
      async () => {
        try {
          double.map(items as never);
          return 'taken';
        } catch (error) {
          return (error as { code?: string }).code;
        }
      },
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toBe('MAP_NOT_ITERABLE');
  });

  it('refuses a future of a text', async () => {
    const text = task(async () => 'abc', { name: 'text' });
    const result = inFlow(async () => double.map(text.submit() as never));
    await expect(result).rejects.toMatchObject({ code: 'MAP_NOT_ITERABLE' });
  });

  it('rejects with all failures, once every member has ended', async () => {
    const error: unknown = await inFlow(async () => odd.map([1, 2, 3])).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({ message: '2 of 3 tasks failed: odd 1' });
    expect((error as AggregateError).errors.map((each: Error) => each.message)).toEqual([
      'odd 1',
      'odd 3',
    ]);
  });

  it('has outcomes that never reject', async () => {
    const states = await inFlow(async () => (await odd.map([1, 2]).outcomes()).map((o) => o.state));
    expect(states).toEqual(['FAILED', 'COMPLETED']);
  });
});

describe('a source that throws half way', () => {
  it('fails whoever awaits the list, and skips what takes it', async () => {
    await expect(inFlow(async () => double.map(broken()))).rejects.toThrow('source broke');
    const read = await inFlow(async () => {
      const list = double.map(broken());
      const seen: number[] = [];
      try {
        for await (const each of list) seen.push(each);
      } catch (error) {
        return [seen, (error as Error).message];
      }
      return seen;
    });
    expect(read).toEqual([[4], 'source broke']);
    const sum = task(async (list: number[]) => list.length, { name: 'sum' });
    const skipped = await inFlow(async () => {
      const list = double.map(broken());
      const outcome = await sum.submit(list).outcome();
      await list.result().catch(() => undefined);
      return outcome.state;
    });
    expect(skipped).toBe('SKIPPED');
  });

  it('fails the flow when nobody looks', async () => {
    const result = inFlow(async () => void double.map(broken()));
    await expect(result).rejects.toMatchObject({
      code: 'UNOBSERVED_FAILURE',
      cause: { message: 'source broke' },
    });
  });
});

describe('cancelling a list', () => {
  it('starts no more members, stops those under way, and closes the source', async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (let n = 0; ; n++) yield n;
      } finally {
        closed = true;
      }
    }
    const never = task(() => new Promise<number>(() => undefined), { name: 'never', grace: 0 });
    const b = bench();
    const handle = await b.engine.start(
      flow(
        async () => {
          const list = never.with({ concurrency: 2 }).map(endless() as never);
          await turns();
          list.cancel('enough');
          return (await list.outcomes()).map(({ state }) => state);
        },
        { name: 'f' },
      ),
      [],
    );
    expect(await b.clock.runUntil(handle.result())).toEqual(['CANCELLED', 'CANCELLED']);
    expect(closed).toBe(true);
  });

  it('does not wait for a source that never answers', async () => {
    const silent: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }),
    };
    const f = flow(
      async () => {
        double.map(silent);
        throw new Error('the flow failed');
      },
      { name: 'f' },
    );
    await expect(bench().engine.run(f)).rejects.toThrow(/^the flow failed$/);
  });
});
