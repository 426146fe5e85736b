import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type TaskOptions } from '@holdfast/core';
import { faultPlan } from '@holdfast/core/testing';
import { aborted, bench, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

/** A task that fails until its nth attempt, and tells when each attempt began. */
function flaky(succeeds: number, options: TaskOptions<[], number>) {
  const at: number[] = [];
  const b = bench();
  const begun = b.clock.now();
  const t = task(
    async () => {
      at.push(b.clock.now() - begun);
      const { attempt } = runContext();
      if (attempt < succeeds) throw new TypeError(`attempt ${attempt}`);
      return attempt;
    },
    { name: 'flaky', ...options },
  );
  const run = async (): Promise<unknown> =>
    b.clock.runUntil(b.engine.run(flow(() => t(), { name: 'f' })));
  return { at, run, b };
}

describe('retries', () => {
  it('happen after their delays, and whatever the error is', async () => {
    const { at, run, b } = flaky(4, {
      retries: { limit: 3, delay: '1m', backoff: 'exponential' },
    });
    expect(await run()).toBe(4);
    expect(at).toEqual([0, 1, 3, 7].map((minutes) => minutes * 60_000));
    expect(b.told.filter((each) => each.startsWith('flaky'))).toEqual([
      'flaky PENDING/Pending',
      'flaky RUNNING/Running',
      'flaky SCHEDULED/AwaitingRetry',
      'flaky RUNNING/Retrying',
      'flaky SCHEDULED/AwaitingRetry',
      'flaky RUNNING/Retrying',
      'flaky SCHEDULED/AwaitingRetry',
      'flaky RUNNING/Retrying',
      'flaky COMPLETED/Completed',
    ]);
  });

  it('end with the last error', async () => {
    const { at, run } = flaky(9, { retries: 2 });
    await expect(run()).rejects.toThrow('attempt 3');
    expect(at).toHaveLength(3);
  });

  it('ask retryIf with the original error', async () => {
    const seen: unknown[] = [];
    const { run } = flaky(9, {
      retries: 5,
      retryIf: (error, { attempt }) => {
        seen.push([error instanceof TypeError, attempt]);
        return attempt < 2;
      },
    });
    await expect(run()).rejects.toThrow('attempt 2');
    expect(seen).toEqual([
      [true, 1],
      [true, 2],
    ]);
  });

  it('are not made for a broken delay', async () => {
    const { run } = flaky(3, { retries: { limit: 5, delay: () => 'soon' } });
    await expect(run()).rejects.toThrow('attempt 1');
  });

  it('can be provoked by a plan', async () => {
    const plan = faultPlan().fail({ name: 't', attempt: 1, error: new Error('planned') });
    const b = bench({ aroundAttempt: plan.aroundAttempt });
    const t = task(async () => runContext().attempt, { name: 't', retries: 1 });
    expect(await b.engine.run(flow(() => t(), { name: 'f' }))).toBe(2);
    expect(plan.hits).toMatchObject([{ name: 't', kind: 'task', attempt: 1 }]);
  });
});

describe('a timeout', () => {
  it('aborts the signal, waits for the function, and is made anew for each attempt', async () => {
    const reasons: unknown[] = [];
    const t = task(
      async () => {
        const { signal, attempt } = runContext();
        if (attempt === 2) return 'in time';
        await aborted(signal);
        reasons.push(signal.reason);
        return 'too late';
      },
      { name: 't', timeout: '10s', retries: 1 },
    );
    const b = bench();
    expect(await b.clock.runUntil(b.engine.run(flow(() => t(), { name: 'f' })))).toBe('in time');
    expect(reasons).toMatchObject([{ code: 'TIMED_OUT', context: { timeoutMs: 10_000 } }]);
  });

  it('is told as such, and cancels what the attempt had started', async () => {
    const inner = task(async () => aborted(runContext().signal), { name: 'inner' });
    const f = flow(() => inner(), { name: 'f', timeout: '1m' });
    const b = bench();
    const handle = await b.engine.start(f, []);
    const error = await b.clock.runUntil(handle.result().catch((e: unknown) => e));
    expect(error).toMatchObject({ code: 'TIMED_OUT' });
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'TimedOut' });
  });
});

describe('an attempt that ignores its signal', () => {
  it('is abandoned after its grace: its context throws, and it can start nothing', async () => {
    const g = gate();
    const after: unknown[] = [];
    const other = task(async () => 1, { name: 'other' });
    const deaf = task(
      async () => {
        const ctx = runContext();
        if (ctx.attempt === 2) return 'second';
        await g.opened;
        for (const act of [() => ctx.now(), () => ctx.uuid(), () => ctx.resource('x')]) {
          try {
            act();
          } catch (error) {
            after.push((error as { code: string }).code);
          }
        }
        await other().catch((error: unknown) => after.push((error as { code: string }).code));
        return 'first';
      },
      { name: 'deaf', timeout: '1s', grace: '5s', retries: 1 },
    );
    const b = bench();
    const begun = b.clock.now();
    const result = await b.clock.runUntil(b.engine.run(flow(() => deaf(), { name: 'f' })));
    expect(result).toBe('second');
    expect(b.clock.now() - begun).toBe(6000);
    g.open();
    await turns();
    expect(after).toEqual(Array.from({ length: 4 }, () => 'RUN_ENDED'));
    expect(b.told).not.toContain('other RUNNING/Running');
  });

  it('is not retried before it has settled, when that is sooner', async () => {
    const g = gate();
    let running = 0;
    let most = 0;
    const slow = task(
      async () => {
        most = Math.max(most, ++running);
        if (runContext().attempt === 1) await g.opened;
        running--;
        return runContext().attempt;
      },
      { name: 'slow', timeout: '1s', grace: '1h', retries: 1 },
    );
    const b = bench();
    const result = b.engine.run(flow(() => slow(), { name: 'f' }));
    await b.clock.advance(2000);
    expect(b.told).not.toContain('slow SCHEDULED/AwaitingRetry');
    g.open();
    expect(await b.clock.runUntil(result)).toBe(2);
    expect(most).toBe(1);
  });
});

describe('a flow that is tried again', () => {
  it('runs again what failed and what needs it, and nothing else', async () => {
    const calls: string[] = [];
    const note = <T>(name: string, value: T): T => {
      calls.push(name);
      return value;
    };
    const steady = task(async () => note('steady', 1), { name: 'steady' });
    let broken = true;
    const shaky = task(
      async () => {
        note('shaky', 0);
        if (broken) throw new Error('shaky');
        return 2;
      },
      { name: 'shaky' },
    );
    const after = task(async (n: number) => note(`after ${n}`, n), { name: 'after' });
    const beside = task(async (n: number) => note(`beside ${n}`, n), { name: 'beside' });
    const tolerant = task(async (n: unknown) => note('tolerant', n), { name: 'tolerant' });
    const f = flow(
      async () => {
        const one = steady.submit();
        const two = shaky.submit();
        const all = [one, beside.submit(one), after.submit(two), tolerant.submit(one)];
        const values = await Promise.all(all).catch((error: unknown) => {
          broken = false;
          throw error;
        });
        return values.length;
      },
      { name: 'f', retries: 1 },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.result())).toBe(4);
    expect(calls.toSorted()).toEqual(
      ['after 2', 'beside 1', 'shaky', 'shaky', 'steady', 'tolerant'].toSorted(),
    );
    const generations = (await b.engine.below(handle.id)).map((r) => `${r.name} ${r.generation}`);
    expect(generations.toSorted()).toEqual(
      ['after 2', 'beside 1', 'shaky 2', 'steady 1', 'tolerant 1'].toSorted(),
    );
  });
});
