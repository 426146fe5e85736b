import { describe, expect, it } from 'vitest';
import { allowFailure, flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';

const plus = task(async (a: number, b: number) => a + b, { name: 'plus' });
const third = task(
  async (n: number) => {
    if (runContext().attempt < 3) throw new Error(`attempt ${runContext().attempt}`);
    return n;
  },
  { name: 'third', retries: { limit: 2, delay: '1h', jitter: 0.5 } },
);
const bad = task(
  async (n: number): Promise<number> => {
    throw Object.assign(new Error(`no ${n}`), { code: 'E_NO' });
  },
  { name: 'bad' },
);
const states = task(
  async (outcomes: readonly { state: string }[]) => outcomes.map((o) => o.state),
  {
    name: 'states',
  },
);

describe('crashAtEveryStep, over everything at once', () => {
  it('retries, maps, waiting tasks, subflows, allowed failures, keys', async () => {
    const inner = flow(
      async (n: number) => plus.with({ key: (a, b) => `${a}+${b}` }).map([n, n + 1], 10),
      { name: 'inner' },
    );
    const f = flow(
      async () => {
        const slow = third.submit(1);
        const waiting = plus.submit(slow, plus.submit(1, 1));
        const failing = bad.map([1, 2]);
        const skipped = plus.submit(bad.submit(3), 1);
        const after = plus.with({ waitFor: [waiting] }).submit(5, 5);
        return {
          inner: await inner(1),
          waiting,
          after,
          failing: states.submit(allowFailure(failing)),
          skipped: (await skipped.outcome()).state,
          again: [await inner(1), await inner(2)],
        };
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f);
    expect(report.result).toEqual({
      inner: [11, 12],
      waiting: 3,
      after: 10,
      failing: ['FAILED', 'FAILED'],
      skipped: 'SKIPPED',
      again: [
        [11, 12],
        [12, 13],
      ],
    });
    expect(report.crashes).toBeGreaterThan(15);
  }, 60_000);

  it('a flow that is tried again, with what it recorded', async () => {
    const stamp = task(async (id: string, at: number) => `${id.length} ${typeof at}`, {
      name: 'stamp',
    });
    const f = flow(
      async () => {
        const ctx = runContext();
        const text = await stamp(ctx.uuid(), ctx.now());
        const outcome = await bad.submit(ctx.attempt).outcome();
        if (ctx.attempt < 3) throw new Error('again');
        return [text, ctx.attempt, outcome.state];
      },
      { name: 'f', retries: { limit: 5, delay: '10m' } },
    );
    const report = await crashAtEveryStep(f);
    expect(report.result).toEqual(['36 number', 3, 'FAILED']);
  }, 60_000);

  it('hooks are told at least once, and everything below has ended', async () => {
    const told = new Set<string>();
    const hooked = plus.with({ onSuccess: (n) => void told.add(`plus ${n}`) });
    const f = flow(async () => hooked.map([1, 2], 0), {
      name: 'f',
      onStart: () => void told.add('start'),
    });
    await crashAtEveryStep(f, {
      engine: { tasks: [hooked] },
      prepare: () => told.clear(),
      check: () => expect([...told].toSorted()).toEqual(['plus 1', 'plus 2', 'start']),
    });
  }, 60_000);
});
