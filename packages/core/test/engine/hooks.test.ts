import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { aborted, bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

/** Notes every hook with what it is told. */
function noting(): { readonly told: unknown[]; readonly hooks: object } {
  const told: unknown[] = [];
  const names = ['onStart', 'onSuccess', 'onFailure', 'onRetry', 'onCancel', 'onCrash', 'onSkip'];
  const hooks = Object.fromEntries(
    names.map((name) => [
      name,
      (...args: unknown[]) => {
        const [subject] = args.length > 1 ? args : [undefined];
        told.push([name, subject instanceof Error ? subject.message : subject]);
      },
    ]),
  );
  return { told, hooks };
}

describe('hooks', () => {
  it('tell each step with its subject', async () => {
    const { told, hooks } = noting();
    const t = task(
      async (n: number) => {
        if (runContext().attempt < n) throw new Error(`attempt ${runContext().attempt}`);
        return n;
      },
      { name: 't', retries: 1, ...hooks },
    );
    const skipped = task(async (n: unknown) => n, { name: 'skipped', ...hooks });
    const slow = task(
      async () =>
        aborted(runContext().signal).then(() => Promise.reject(runContext().signal.reason)),
      { name: 'slow', ...hooks },
    );
    const f = flow(
      async () => {
        await t(2);
        const bad = t.submit(9);
        await bad.outcome();
        await skipped.submit(bad).outcome();
        const cancelled = slow.submit();
        await turns(3);
        cancelled.cancel('enough');
        await cancelled.outcome();
        return 'all';
      },
      { name: 'f', ...hooks },
    );
    const b = bench();
    await b.clock.runUntil(b.engine.run(f));
    expect(told).toEqual([
      ['onStart', undefined],
      ['onStart', undefined],
      ['onRetry', 'attempt 1'],
      ['onSuccess', 2],
      ['onStart', undefined],
      ['onRetry', 'attempt 1'],
      ['onFailure', 'attempt 2'],
      ['onSkip', "'skipped' was skipped: what it needs did not complete (attempt 2)."],
      ['onStart', undefined],
      ['onCancel', 'enough'],
      ['onSuccess', 'all'],
    ]);
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it('are those of the definition that was called, not of another with its name', async () => {
    const told: string[] = [];
    const plain = task(async (n: number) => n, { name: 'same' });
    const hooked = plain.with({ onSuccess: (n) => void told.push(`hooked ${n}`) });
    const f = flow(() => Promise.all([hooked.submit(1), plain.submit(2), hooked.submit(3)]), {
      name: 'f',
    });
    await bench().engine.run(f);
    expect(told.toSorted()).toEqual(['hooked 1', 'hooked 3']);
  });

  it('that throw change nothing but the log', async () => {
    const t = task(async () => 1, {
      name: 't',
      onSuccess: () => {
        throw new Error('the hook broke');
      },
    });
    const b = bench();
    const failed: unknown[] = [];
    b.engine.events.on('hook-failed', (event) => failed.push(event));
    expect(await b.engine.run(flow(() => t(), { name: 'f' }))).toBe(1);
    expect(failed).toMatchObject([{ hook: 'onSuccess', error: { message: 'the hook broke' } }]);
    expect(await b.store.pendingHooks()).toEqual([]);
  });

  it('are code of no run', async () => {
    const codes: unknown[] = [];
    const t = task(async () => 1, {
      name: 't',
      onSuccess: () => {
        try {
          runContext();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      },
    });
    await bench().engine.run(flow(() => t(), { name: 'f' }));
    expect(codes).toEqual(['NO_RUN']);
  });

  it('are told again when the process died before they were seen to return', async () => {
    const inner = durableStore();
    let dies = true;
    const told: string[] = [];
    const t = task(async () => 1, {
      name: 't',
      onSuccess: async () => {
        told.push('t');
        if (dies) await new Promise(() => undefined);
      },
    });
    const wait = task(async () => (dies ? new Promise<never>(() => undefined) : 1), {
      name: 'wait',
    });
    const f = flow(async () => (await t()) + (await wait()), {
      name: 'f',
      onSuccess: () => void told.push('f'),
    });
    const one = bench({ store: crashingRunStore(inner, undefined) });
    await one.engine.start(f, []);
    await turns();
    dies = false;
    const clock = new TestClock(Date.UTC(2027, 0, 1));
    const two = bench({ store: inner, flows: [f], tasks: [t], clock });
    const { resumed } = await two.engine.recover();
    for (const handle of resumed) await handle.result();
    await turns();
    expect(told).toEqual(['t', 't', 'f']);
    expect(await inner.pendingHooks()).toEqual([]);
  });

  it('of tasks that the engine does not know stay due, and the report says so', async () => {
    const inner = durableStore();
    let hangs = true;
    const wait = task(async () => (hangs ? new Promise<never>(() => undefined) : 1), {
      name: 'wait',
    });
    const t = task(async () => 1, {
      name: 't',
      onSuccess: async () => (hangs ? new Promise<never>(() => undefined) : undefined),
    });
    let old = true;
    const f = flow(async () => (old ? [await t(), await wait()] : []), { name: 'f' });
    const one = bench({ store: crashingRunStore(inner, undefined) });
    await one.engine.start(f, []);
    await turns();
    [hangs, old] = [false, false];
    const two = bench({ store: inner, flows: [f], clock: new TestClock(Date.UTC(2027, 0, 1)) });
    const codes: string[] = [];
    two.engine.events.on('warning', ({ code }) => codes.push(code));
    const report = await two.engine.recover();
    await report.resumed[0]?.result();
    expect(report.hooksLeft).toMatchObject([{ name: 't', hook: 'onSuccess' }]);
    expect(codes).toContain('HOOK_LEFT');
    expect(await inner.pendingHooks()).toHaveLength(1);
  });
});

describe('events', () => {
  it('come after the commit, and a listener that throws is harmless', async () => {
    const lines: unknown[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (facts: unknown) => lines.push(facts),
    };
    const b = bench({ logger: logger });
    const seen: string[] = [];
    b.engine.events.on('state', () => {
      throw new Error('the listener broke');
    });
    const off = b.engine.events.on('progress', ({ name, progress }) => {
      seen.push(`${name} ${progress.done}/${progress.total} ${progress.unit}`);
    });
    const t = task(
      async () => {
        runContext().progress({ done: 1, total: 2, unit: 'files' });
        off();
        runContext().progress({ done: 2, total: 2, unit: 'files' });
      },
      { name: 't' },
    );
    await b.engine.run(flow(() => t(), { name: 'f' }));
    expect(seen).toEqual(['t 1/2 files']);
    expect(lines[0]).toMatchObject({ event: 'state', err: { message: 'the listener broke' } });
  });
});
