import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  runContext,
  task,
  type FlowHandle,
} from '@holdfast/core';
import { crashAtEveryStep, crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;
/** The test clock begins at two. */
const TWO = Date.UTC(2026, 0, 5, 2);
const OPEN = { opens: '01:00', closes: '04:00' } as const;
/** The clocks of `crashAtEveryStep` begin at midnight. */
const SOON = { opens: '00:10', closes: '01:00' } as const;
const LATER = { opens: '03:00', closes: '05:00' } as const;

describe('over stops and crashes', () => {
  const later = flow(async () => runContext().deadline?.toISOString(), {
    name: 'f',
    window: LATER,
  });

  it.each([
    ['before it opens, the run waits on', 0, 'COMPLETED'],
    ['while it is open, the run starts', 1.5 * HOUR, 'COMPLETED'],
    ['after it closed, the run has missed it', 3.5 * HOUR, 'FAILED'],
  ])('taken up %s', async (_when, after, state) => {
    const store = durableStore();
    const one = bench({ store });
    await one.engine.start(later, []);
    await turns();
    await one.engine.stop();
    const [left] = await store.openRuns();
    expect(left?.run.state.name).toBe('AwaitingWindow');
    const two = bench({ store, flows: [later] });
    two.clock.jump(TWO + after);
    const { resumed } = await two.engine.recover();
    const outcome = await two.clock.runUntil((resumed[0] as FlowHandle<unknown>).outcome());
    expect(outcome).toMatchObject({ state });
    if (outcome.ok) expect(outcome.value).toBe('2026-01-05T05:00:00.000Z');
    else expect(outcome.error).toMatchObject({ code: 'WINDOW_MISSED' });
    expect(two.clock.now()).toBe(TWO + Math.max(after, HOUR));
  });

  it('a run gives the same wherever its process dies, if it is taken up at once', async () => {
    const open = task(async (n: number) => n + 1, { name: 'open', window: OPEN });
    const third = task(async () => 'x'.repeat(runContext().attempt), {
      name: 'third',
      window: { opens: '02:20', closes: '05:00' },
      deadline: '1h',
      retries: { limit: 2, delay: '1m' },
    });
    const flaky = task(
      async () => {
        if (runContext().attempt < 3) throw new Error('again');
        return third();
      },
      { name: 'flaky', deadline: '1h', retries: { limit: 2, delay: '1m' } },
    );
    const f = flow(async () => [await open(1), await flaky(), await runContext().fits('open')], {
      name: 'f',
      window: { opens: '02:10', closes: '06:00' },
      deadline: '2h',
    });
    let crashes = 0;
    for (let commit = 1; ; commit++) {
      let died = false;
      for (const moment of ['before', 'after'] as const) {
        const inner = memoryRunStore();
        const clock = new TestClock();
        const store = crashingRunStore(inner, { commit, moment });
        const first = createEngine({ store, clock, flows: [f] });
        const ended = first.run(f);
        died =
          'died' === (await clock.runUntil(Promise.race([ended, store.died.then(() => 'died')])));
        const second = createEngine({
          store: crashingRunStore(inner, undefined),
          clock,
          flows: [f],
        });
        await clock.advance(60_000);
        const { resumed } = await second.recover();
        const results = await clock.runUntil(Promise.all(resumed.map((each) => each.result())));
        for (const result of results) {
          crashes++;
          expect(result).toMatchObject([2, 'x', { fits: true }]);
        }
        const left = await inner.runs({
          states: ['SCHEDULED', 'PENDING', 'RUNNING', 'CANCELLING'],
        });
        expect(left).toEqual([]);
      }
      if (!died) break;
    }
    expect(crashes).toBeGreaterThan(15);
  }, 60_000);

  it('a run whose process is replaced a week later has ended in time, or tells that it has not', async () => {
    const plain = task(async (n: number) => n, { name: 'plain', window: SOON });
    const bounded = task(
      async () => {
        if (runContext().attempt < 2) throw new Error('again');
        return plain(2);
      },
      { name: 'bounded', deadline: '30m', retries: { limit: 1, delay: '5m' } },
    );
    const ends: Record<string, readonly string[]> = {
      plain: ['COMPLETED', 'WINDOW_MISSED', 'WINDOW_CLOSED'],
      bounded: ['COMPLETED', 'DEADLINE_PASSED'],
    };
    const told = new Set<string>();
    const f = flow(
      async () => {
        const all = [plain.submit(1), bounded.submit()];
        const outcomes = await Promise.all(all.map((each) => each.outcome()));
        return outcomes.map((each) =>
          each.ok ? each.state : (each.error as Error & { code: string }).code,
        );
      },
      { name: 'f', deadline: '365d' },
    );
    const { result, crashes } = await crashAtEveryStep(f, {
      same: (_expected, [one = '', two = '']) => {
        told.add(one).add(two);
        return ends['plain']?.includes(one) === true && ends['bounded']?.includes(two) === true;
      },
    });
    expect(result).toEqual(['COMPLETED', 'COMPLETED']);
    expect(crashes).toBeGreaterThan(10);
    expect([...told].toSorted()).toEqual([
      'COMPLETED',
      'DEADLINE_PASSED',
      'WINDOW_CLOSED',
      'WINDOW_MISSED',
    ]);
  }, 60_000);
});
