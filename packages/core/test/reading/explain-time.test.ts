import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { aborted, bench, gate, turns } from '../engine/support.ts';
import { begun, ended, MINUTE, processOn, refused, START } from './support.ts';

const NIGHT = { opens: '03:00', closes: '05:00' } as const;
const OPEN = { opens: '01:00', closes: '05:00' } as const;

const obedient = async (): Promise<never> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

describe('explain, of runs whose time is bounded', () => {
  it('tells when a window opens and closes, and that a run is late for it', async () => {
    const f = flow(async () => 1, { name: 'nightly', window: NIGHT });
    const one = bench();
    const id = await begun(one, f);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' waits for its window, open at 2026-01-05 03:00:00 UTC (in 1h) until 2026-01-05 05:00:00 UTC.",
    );
    expect(told.whatItWaitsFor).toMatchObject([
      { for: 'window', dueAt: START + 60 * MINUTE, closesAt: START + 180 * MINUTE },
    ]);
    expect(told.run.displayState).toBe('AwaitingWindow');
    await one.engine.stop();
    const late = await processOn(one.store, START + 90 * MINUTE).engine.explain(id);
    expect(late.run.displayState).toBe('Late');
    expect(late.whatItWaitsFor).toMatchObject([{ for: 'recovery' }]);
  });

  it('names what a flow waits for whose task waits for its window', async () => {
    const t = task(async () => 1, { name: 'dump', window: NIGHT });
    const one = bench();
    const told = await one.engine.explain(
      await begun(
        one,
        flow(async () => t(), { name: 'nightly' }),
      ),
    );
    expect(told.sentence).toMatch(
      /^'nightly' has been under way for 0ms and waits for 'dump', which waits for its window, open at /,
    );
    await one.engine.stop();
  });

  it('says that a run was cut off, and blames none that was cut off with it', async () => {
    const dump = task(obedient, { name: 'dump' });
    const f = flow(async () => dump(), { name: 'nightly', window: OPEN });
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(told.sentence).toBe(
      "'nightly' was cut off after 3h with WINDOW_CLOSED: 'nightly' did not end in time: the window of 'nightly' closed at 2026-01-05T05:00:00.000Z; engine.retry() would execute 'dump'.",
    );
    expect(told.whatFailedFirst?.run.name).toBe('nightly');
    const [below] = await one.engine.below(told.run.id);
    expect((await one.engine.explain(below?.id as never)).sentence).toMatch(
      /^'dump' was cut off after 3h with WINDOW_CLOSED: 'dump' did not end in time: the window of 'nightly' closed at/,
    );
  });

  it('tells what failed before the time was over', async () => {
    const broken = task(
      async () => {
        throw refused();
      },
      { name: 'broken', retries: { limit: 1, delay: '5h' } },
    );
    const dump = task(obedient, { name: 'dump' });
    const f = flow(
      async () => {
        await broken.submit().outcome();
        return dump();
      },
      { name: 'nightly', deadline: '1h' },
    );
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(told.sentence).toMatch(
      /^'nightly' timed out after 1h with DEADLINE_PASSED: .*; before that, 'broken' failed first \(DEADLINE_PASSED: 'broken' failed, and could not be tried again in time: /,
    );
    expect(told.whatFailedFirst?.error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('says that a run has missed its window', async () => {
    const held = gate();
    const slow = task(async () => held.opened, { name: 'slow' });
    const verify = task(async (n: unknown) => n, { name: 'verify', window: OPEN });
    const f = flow(async () => void (await verify.submit(slow.submit()).outcome()), { name: 'f' });
    const one = bench();
    const id = await begun(one, f);
    await one.clock.advance(180 * MINUTE);
    const missed = (await one.engine.below(id)).find(({ name }) => name === 'verify');
    expect((await one.engine.explain(missed?.id as never)).sentence).toMatch(
      /^'verify' missed its window with WINDOW_MISSED: 'verify' could not start in time: the window of 'verify' closed at/,
    );
    held.open();
    await turns();
  });
});
