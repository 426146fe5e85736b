import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type HookInfo } from '@holdfast/core';
import {
  crashAtEveryStep,
  crashingRunStore,
  seededRandom,
  TestClock,
  type CrashPoint,
} from '@holdfast/core/testing';
import { aborted, bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

const HOOKS = ['onStart', 'onSuccess', 'onFailure', 'onRetry', 'onCancel', 'onCrash', 'onSkip'];

/** Hooks of every kind, and what was told: `onStart flow f`, once for each delivery. */
function noting() {
  const told: string[] = [];
  const ids = new Map<string, Set<string>>();
  const hooks = Object.fromEntries(
    HOOKS.map((hook) => [
      hook,
      (...args: readonly unknown[]) => {
        const { kind, name, id } = args.at(-1) as HookInfo;
        const what = `${hook} ${kind} ${name}`;
        told.push(what);
        ids.set(what, (ids.get(what) ?? new Set()).add(id));
      },
    ]),
  );
  return { told, ids, hooks };
}

describe('every hook', () => {
  it('is told at least once, whenever the process dies, each time under one id', async () => {
    const { told, ids, hooks } = noting();
    const good = task(async (n: number) => n, { name: 'good', ...hooks });
    const flaky = task(
      async () => {
        if (runContext().attempt === 1) throw new Error('first');
        return 1;
      },
      { name: 'flaky', retries: 1, ...hooks },
    );
    const bad = task(async (): Promise<number> => Promise.reject(new Error('no')), {
      name: 'bad',
      ...hooks,
    });
    const sub = flow(
      async () => {
        if (runContext().attempt === 1) throw new Error('first');
        return 1;
      },
      { name: 'sub', retries: 1, ...hooks },
    );
    const broken = flow(async () => Promise.reject(new Error('no')), { name: 'broken', ...hooks });
    const f = flow(
      async () => {
        const failed = bad.submit();
        const skipped = good.with({ name: 'skipped' }).submit(failed);
        const cancelled = good.with({ name: 'cancelled' }).submit(1);
        cancelled.cancel('enough');
        const all = [failed, skipped, cancelled];
        const states = await Promise.all(all.map(async (each) => (await each.outcome()).state));
        const failure: string = await broken().catch((error: Error) => error.message);
        return [await good(1), await flaky(), await sub(), ...states, failure];
      },
      { name: 'f', ...hooks },
    );
    const expected = [
      'onStart flow f',
      'onSuccess flow f',
      'onStart task bad',
      'onFailure task bad',
      'onSkip task skipped',
      'onStart task cancelled',
      'onCancel task cancelled',
      'onStart flow broken',
      'onFailure flow broken',
      'onStart task good',
      'onSuccess task good',
      'onStart task flaky',
      'onRetry task flaky',
      'onSuccess task flaky',
      'onStart flow sub',
      'onRetry flow sub',
      'onSuccess flow sub',
    ];
    const report = await crashAtEveryStep(f, {
      engine: {
        tasks: [good, flaky, bad, good.with({ name: 'skipped' }), good.with({ name: 'cancelled' })],
        flows: [sub, broken],
      },
      prepare: () => {
        told.length = 0;
        ids.clear();
      },
      check: () => {
        expect(new Set(told)).toEqual(new Set(expected));
        for (const [what, each] of ids) expect([what, each.size]).toEqual([what, 1]);
      },
    });
    expect(report.result).toEqual([1, 1, 1, 'FAILED', 'SKIPPED', 'CANCELLED', 'no']);
    expect(report.crashes).toBeGreaterThan(30);
  }, 120_000);

  const points = [1, 2, 3, 4, 5, 6].flatMap((commit): CrashPoint[] => [
    { commit, moment: 'before' },
    { commit, moment: 'after' },
  ]);
  it.each(points)('onCrash too, also where the process dies that gives up: %j', async (at) => {
    const { told, hooks } = noting();
    const stuck = task(async () => new Promise<never>(() => undefined), {
      name: 'stuck',
      ...hooks,
    });
    const f = flow(async () => stuck(), { name: 'f', maxRecoveries: 0, ...hooks });
    const inner = durableStore();
    const known = { flows: [f], tasks: [stuck] };
    const first = bench({ store: crashingRunStore(inner, undefined), ...known });
    await first.engine.start(f, []);
    await turns();
    const dying = crashingRunStore(inner, at);
    const clock = (n: number) => new TestClock(Date.UTC(2027, 0, n));
    const second = bench({ store: dying, clock: clock(1), random: seededRandom(1), ...known });
    await Promise.race([dying.died, second.engine.recover()]);
    await turns();
    const third = bench({ store: inner, clock: clock(9), random: seededRandom(2), ...known });
    await third.engine.recover();
    await turns();
    expect(told).toContain('onCrash flow f');
    expect(told).toContain('onCrash task stuck');
    expect(await inner.pendingHooks()).toEqual([]);
  });

  it.each(points)('onCancel too, also where the process dies that is stopped: %j', async (at) => {
    const { told, hooks } = noting();
    const wait = task(
      async () => {
        await aborted(runContext().signal);
        throw runContext().signal.reason;
      },
      { name: 'wait', ...hooks },
    );
    const f = flow(async () => wait(), { name: 'f', ...hooks });
    const inner = durableStore();
    const known = { flows: [f], tasks: [wait] };
    const dying = crashingRunStore(inner, { ...at, commit: at.commit + 3 });
    const first = bench({ store: dying, ...known });
    const { id } = await first.engine.start(f, []);
    await turns();
    await Promise.race([dying.died, first.engine.cancel(id, 'enough')]);
    await turns();
    const clock = new TestClock(Date.UTC(2027, 0, 9));
    const second = bench({ store: inner, clock, random: seededRandom(2), ...known });
    await second.engine.recover();
    await turns();
    // Nobody had heard of the cancel.
    if (!told.includes('onCancel flow f')) await second.engine.cancel(id, 'enough');
    await turns();
    expect(told).toContain('onCancel flow f');
    expect(told).toContain('onCancel task wait');
    expect(await inner.pendingHooks()).toEqual([]);
  });
});
