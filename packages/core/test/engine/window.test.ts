import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  runContext,
  schedule,
  task,
  type FlowHandle,
  type FlowRun,
} from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
  type Bench,
} from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;
/** The test clock begins at two. */
const TWO = Date.UTC(2026, 0, 5, 2);
const OPEN = { opens: '01:00', closes: '04:00' } as const;
const LATER = { opens: '03:00', closes: '05:00' } as const;

const obedient = async (): Promise<never> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

async function outcomeOf(b: Bench, handle: FlowHandle<unknown>): Promise<unknown> {
  return b.clock.runUntil(handle.result().catch((error: unknown) => error));
}

describe('a run with a window', () => {
  it('starts at once while it is open', async () => {
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => 1, { name: 'f', window: OPEN }),
      [],
    );
    expect(await handle.result()).toBe(1);
    expect(b.told.slice(0, 2)).toEqual(['f PENDING/Pending', 'f RUNNING/Running']);
    expect(await handle.run()).toMatchObject({
      bounds: { window: { opensAt: TWO - HOUR, closesAt: TWO + 2 * HOUR } },
    });
  });

  it('waits until it opens, and says so', async () => {
    const started: number[] = [];
    const b = bench();
    const t = task(async () => started.push(b.clock.now() - TWO), { name: 't', window: LATER });
    const handle = await b.engine.start(
      flow(() => t(), { name: 'f' }),
      [],
    );
    await turns();
    const [run] = await b.engine.below(handle.id);
    expect(run?.state).toEqual({ type: 'SCHEDULED', name: 'AwaitingWindow', dueAt: TWO + HOUR });
    expect(await b.clock.runUntil(handle.result())).toBe(1);
    expect(started).toEqual([HOUR]);
  });

  it('goes by the clock of its zone', async () => {
    const window = { opens: '22:00', closes: '23:00', timeZone: 'America/New_York' };
    const b = bench();
    const f = flow(async () => b.clock.now() - TWO, { name: 'f', window });
    expect(await b.clock.runUntil(b.engine.run(f))).toBe(HOUR);
  });

  it('opens on its days alone', async () => {
    const b = bench();
    const f = flow(async () => new Date(b.clock.now()).toISOString(), {
      name: 'f',
      window: { ...OPEN, days: ['wed'] },
    });
    expect(await b.clock.runUntil(b.engine.run(f))).toBe('2026-01-07T01:00:00.000Z');
  });

  it('fails at once where it is not to wait', async () => {
    let called = false;
    const window = { ...LATER, ifClosed: 'fail' } as const;
    const f = flow(async () => void (called = true), { name: 'f', window });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.outcome()).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'WINDOW_MISSED',
        message:
          "'f' was started while its window was closed: it opens at 2026-01-05T03:00:00.000Z.",
        retryable: false,
      },
    });
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'MissedWindow' });
    expect(called).toBe(false);
  });

  it('runs now without it', async () => {
    const f = flow(async () => 'now', { name: 'f', window: LATER });
    expect(await bench().engine.run(f.with({ window: undefined }))).toBe('now');
  });

  it('is told to stop when it closes, and fails as cut off, with what it had started', async () => {
    const reasons: unknown[] = [];
    const slow = task(
      async () => {
        const { signal } = runContext();
        await aborted(signal);
        reasons.push(signal.reason);
        return 'too late';
      },
      { name: 'slow', retries: 3 },
    );
    const never = task(async (n: unknown) => n, { name: 'never' });
    const f = flow(async () => never(slow.submit() as never), {
      name: 'f',
      window: OPEN,
      retries: 3,
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await outcomeOf(b, handle)).toMatchObject({
      code: 'WINDOW_CLOSED',
      message: "'f' did not end in time: the window of 'f' closed at 2026-01-05T04:00:00.000Z.",
      retryable: false,
    });
    expect(b.clock.now()).toBe(TWO + 2 * HOUR);
    expect(reasons).toMatchObject([{ code: 'WINDOW_CLOSED' }]);
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'WindowClosed' });
    expect((await statesBelow(b, handle.id)).toSorted()).toEqual([
      'never FAILED/MissedWindow',
      'slow FAILED/WindowClosed',
    ]);
  });

  it('has missed it where it waited for something else until it closed', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow' });
    const needs = task(async (n: unknown) => n, { name: 'needs', window: OPEN });
    const f = flow(
      async () => {
        const outcome = await needs.submit(slow.submit()).outcome();
        g.open();
        return outcome.ok || outcome.error.message;
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.result())).toBe(
      "'needs' could not start in time: the window of 'needs' closed at 2026-01-05T04:00:00.000Z.",
    );
    expect(await statesBelow(b, handle.id)).toContain('needs FAILED/MissedWindow');
  });

  it('fails at once what could be tried again only after it closes, with the real error as its cause', async () => {
    const f = flow(
      async () => {
        throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
      },
      { name: 'f', window: OPEN, retries: { limit: 3, delay: '2h' } },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await outcomeOf(b, handle)).toMatchObject({
      code: 'WINDOW_CLOSED',
      cause: { code: 'ENOSPC' },
    });
    expect(b.clock.now()).toBe(TWO);
    expect(await handle.state()).toMatchObject({
      name: 'WindowClosed',
      error: { cause: { message: 'disk full' } },
    });
  });

  it('is retried within it, also when the clock was put back before it opens', async () => {
    const b = bench();
    const f = flow(
      async () => {
        if (runContext().attempt > 1) return runContext().attempt;
        b.clock.jump(TWO - 10 * HOUR);
        throw new Error('once');
      },
      { name: 'f', window: OPEN, retries: 1 },
    );
    expect(await b.engine.run(f)).toBe(2);
  });

  it('may be cancelled while it waits', async () => {
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => 1, { name: 'f', window: LATER }),
      [],
    );
    await turns();
    await handle.cancel('not tonight');
    expect(await handle.state()).toMatchObject({ type: 'CANCELLED', reason: 'not tonight' });
    expect(b.clock.waiting).toBe(0);
  });

  it('that is run again is made for the next one', async () => {
    let broken = true;
    const f = flow(async () => (broken ? obedient() : 'done'), { name: 'f', window: OPEN });
    const b = bench({ flows: [f] });
    const handle = await b.engine.start(f, []);
    expect(await outcomeOf(b, handle)).toMatchObject({ code: 'WINDOW_CLOSED' });
    broken = false;
    const again = await b.engine.retry(handle.id);
    expect(await b.clock.runUntil(again.result())).toBe('done');
    expect(b.clock.now()).toBe(TWO + 23 * HOUR);
  });
});

/** The state of the first run of a schedule, whose host may have been down until a time. */
async function scheduledRun(cron: string, downUntil?: number) {
  const clock = new TestClock(TWO - 4 * HOUR);
  const store = durableStore();
  const f = flow(async () => clock.now() - TWO, { name: 'f', window: LATER });
  const serve = () => createEngine({ store, clock, schedules: [schedule(f, { cron })] });
  let engine = serve();
  await engine.serve();
  if (downUntil !== undefined) {
    await engine.stop();
    clock.jump(downUntil);
    engine = serve();
    await engine.serve();
  }
  await clock.advance(12 * HOUR);
  const [run] = (await engine.runs({ name: 'f', order: 'oldest' })) as readonly FlowRun[];
  await engine.stop();
  return run?.state;
}

describe('of a schedule', () => {
  it('a run that is due within it starts when it is due', async () => {
    expect(await scheduledRun('30 4 * * *')).toMatchObject({ result: { inline: 2.5 * HOUR } });
  });

  it('a run that is due before it waits for it', async () => {
    expect(await scheduledRun('0 0 * * *')).toMatchObject({ result: { inline: HOUR } });
  });

  it('a run that is caught up with within it starts, one that is after it has missed it', async () => {
    expect(await scheduledRun('30 3 * * *', TWO + 2 * HOUR)).toMatchObject({ name: 'Completed' });
    expect(await scheduledRun('30 3 * * *', TWO + 4 * HOUR)).toMatchObject({
      name: 'MissedWindow',
    });
  });
});
