import { describe, expect, it } from 'vitest';
import { allowFailure, flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

/** Fails at 2; ends at a multiple of 10 only when told to stop; else gives what it was given. */
const work = task(
  async (n: number) => {
    if (n === 2) throw Object.assign(new Error('two'), { code: 'E_TWO' });
    if (n > 0 && n % 10 === 0) {
      await aborted(runContext().signal);
      runContext().signal.throwIfAborted();
    }
    return n;
  },
  { name: 'work' },
);
const stopping = work.with({ concurrency: 2, stopOnFailure: true });

/** Numbers, and what becomes of their source. */
function source(numbers: readonly number[]) {
  const seen = { pulled: [] as number[], closed: false };
  function* items(): Generator<number> {
    try {
      for (const n of numbers) {
        seen.pulled.push(n);
        yield n;
      }
    } finally {
      seen.closed = true;
    }
  }
  return { items: items(), seen };
}

async function* later(): AsyncGenerator<number> {
  yield* [1, 2, 3];
  await new Promise(() => undefined);
}

async function inFlow(body: () => Promise<unknown>, b = bench()): Promise<unknown> {
  return b.engine.run(flow(body, { name: 'body' })).catch((error: unknown) => error);
}

describe('a list that stops at a failure', () => {
  it('pulls no more, stops those under way, and rejects with what failed alone', async () => {
    const { items, seen } = source([10, 1, 2, 3, 4, 5]);
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => stopping.map(items), { name: 'f' }),
      [],
    );
    const outcome = await handle.outcome();
    expect(seen).toEqual({ pulled: [10, 1, 2], closed: true });
    expect(outcome.ok || outcome.error).toMatchObject({
      message: 'The list stopped at a failure: two',
      errors: [{ message: 'two', code: 'E_TWO' }],
    });
    // Members that never started are no runs.
    expect(await statesBelow(b, handle.id)).toEqual([
      'work CANCELLED/Cancelled',
      'work COMPLETED/Completed',
      'work FAILED/Failed',
    ]);
    const [first] = await b.engine.below(handle.id);
    expect(first?.state).toMatchObject({ reason: 'a member of its list failed' });
  });

  it('goes on to its end without the option', async () => {
    const { items, seen } = source([1, 2, 3, 4]);
    const error = await inFlow(async () => work.with({ concurrency: 2 }).map(items));
    expect(seen.pulled).toEqual([1, 2, 3, 4]);
    expect(error).toMatchObject({ message: '1 of 4 tasks failed: two' });
  });

  it('rejects only when those that it stopped have ended', async () => {
    const g = gate();
    const order: string[] = [];
    const slow = task(
      async (n: number) => {
        if (n === 0) throw new Error('at once');
        await aborted(runContext().signal);
        await g.opened;
        order.push('ended');
        return n;
      },
      { name: 'slow' },
    ).with({ stopOnFailure: true });
    const f = flow(
      async () => {
        const outcomes = await slow.map([1, 0]).outcomes();
        order.push('told');
        return outcomes.map(({ state }) => state);
      },
      { name: 'f' },
    );
    const handle = await bench().engine.start(f, []);
    await turns();
    expect(order).toEqual([]);
    g.open();
    // It ended well all the same: the truth is told.
    expect(await handle.result()).toEqual(['COMPLETED', 'FAILED']);
    expect(order).toEqual(['ended', 'told']);
  });

  it('tells those that started as outcomes, and skips with the failure what takes it', async () => {
    const sum = task(async (all: number[]) => all.length, { name: 'sum' });
    const count = task(async (all: unknown[]) => all.length, { name: 'count' });
    const result = await inFlow(async () => {
      const list = stopping.map([10, 2, 3]);
      const skipped = await sum.submit(list).outcome();
      return {
        states: (await list.outcomes()).map(({ state }) => state),
        skipped: skipped.ok || [skipped.state, (skipped.error.cause as Error).message],
        tolerated: await count.submit(allowFailure(list)),
      };
    });
    expect(result).toEqual({
      states: ['CANCELLED', 'FAILED'],
      skipped: ['SKIPPED', 'two'],
      tolerated: 2,
    });
  });

  it('stops where a member was skipped by a failure, and not where one was cancelled', async () => {
    const next = task(async (n: number) => n, { name: 'next' });
    const states = await inFlow(async () => {
      const chained = next.with({ concurrency: 1, stopOnFailure: true }).map(work.map([1, 2, 3]));
      return (await chained.outcomes()).map(({ state }) => state);
    });
    expect(states).toEqual(['COMPLETED', 'SKIPPED']);
    const shared = work.with({ key: String });
    const cancelled = await inFlow(async () => {
      const first = shared.submit(10);
      const list = shared.with({ stopOnFailure: true }).map([10, 1, 3]);
      await turns();
      first.cancel('this one only');
      return (await list.outcomes()).map(({ state }) => state);
    });
    expect(cancelled).toEqual(['CANCELLED', 'COMPLETED', 'COMPLETED']);
  });

  it('counts a failure only when no retry is left', async () => {
    const third = task(
      async (n: number) => {
        if (runContext().attempt < 3) throw new Error('not yet');
        return n;
      },
      { name: 'third', retries: { limit: 2, delay: '1m' } },
    );
    const b = bench();
    const f = flow(async () => third.with({ stopOnFailure: true, concurrency: 1 }).map([1, 2]), {
      name: 'f',
    });
    expect(await b.clock.runUntil(b.engine.run(f))).toEqual([1, 2]);
  });

  it('also reads lists of arguments, asynchronous sources and futures of lists so', async () => {
    const numbers = task(async () => [1, 2, 3, 4], { name: 'numbers' });
    const one = work.with({ concurrency: 1, stopOnFailure: true });
    const pair = task(async (a: number, b: number) => work(a + b), { name: 'pair' });
    const counts = await inFlow(async () =>
      Promise.all(
        [
          one.map(later()),
          one.map(numbers.submit()),
          pair.with({ concurrency: 1, stopOnFailure: true }).mapArgs([
            [1, 1],
            [1, 2],
          ]),
        ].map(async (list) => (await list.outcomes()).length),
      ),
    );
    expect(counts).toEqual([2, 2, 1]);
  });

  it('goes on from there when the flow is tried again', async () => {
    const calls: number[] = [];
    let broken = true;
    const step = task(
      async (n: number) => {
        calls.push(n);
        if (n === 2 && broken) throw new Error('two');
        return n;
      },
      { name: 'step' },
    ).with({ concurrency: 1, stopOnFailure: true });
    const f = flow(async () => step.map([1, 2, 3]), { name: 'f' });
    const b = bench({ store: durableStore(), flows: [f] });
    const handle = await b.engine.start(f, []);
    await handle.outcome();
    broken = false;
    expect(await (await b.engine.retry(handle.id)).result()).toEqual([1, 2, 3]);
    expect(calls).toEqual([1, 2, 2, 3]);
  });

  it.each([
    [1, [0, 1, 3, 2, 4, 5], ['COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED']],
    [2, [0, 1, 10, 3, 2, 4, 5], ['COMPLETED', 'COMPLETED', 'CANCELLED', 'COMPLETED', 'FAILED']],
    [3, [2, 10, 20, 3, 4], ['FAILED', 'CANCELLED', 'CANCELLED']],
  ])(
    'tells the same after a crash at any step, at most %i at a time',
    async (concurrency, items, told) => {
      const list = work.with({ concurrency, stopOnFailure: true });
      const f = flow(
        async () => (await list.map(items).outcomes()).map(({ state }) => state as string),
        { name: 'f' },
      );
      expect((await crashAtEveryStep(f)).result).toEqual(told);
    },
  );
});
