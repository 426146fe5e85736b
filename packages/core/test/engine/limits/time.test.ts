import { describe, expect, it } from 'vitest';
import { flow, group, runContext, sleep, task } from '@holdfast/core';
import {
  aborted,
  bench,
  expectNoUnhandledRejections,
  statesBelow,
  type Bench,
} from '../support.ts';

expectNoUnhandledRejections();

const MINUTE = 60_000;
const OPEN = { opens: '01:00', closes: '04:00' } as const;

/** What is taken of the limit `db` at present. */
async function taken(b: Bench): Promise<boolean> {
  const wishes = [{ limit: 'db', capacity: 1, slots: 1 }];
  const terms = { id: 'probe', holder: 'probe', wishes, now: b.clock.now(), ttl: MINUTE };
  const { granted } = await b.store.acquirePermits(terms);
  await b.store.releasePermits('probe', ['probe']);
  return !granted;
}

const slow = async (): Promise<string> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

describe('a run that waits for a slot', () => {
  it.each([
    ['has missed its window when that closes first', { window: OPEN }, 'MissedWindow'],
    ['fails at its deadline', { deadline: '2h' }, 'TimedOut'],
  ] as const)('%s', async (_what, options, name) => {
    const b = bench({ limits: { db: 1 } });
    const holds = task(async () => sleep(b.clock, 150 * MINUTE), { name: 'holds', limits: ['db'] });
    const waits = task(async () => 1, { name: 'waits', limits: ['db'], ...options });
    const f = flow(
      async () => {
        const held = holds.submit();
        const outcome = await waits.submit().outcome();
        await held;
        return outcome.state;
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(MINUTE);
    expect(await statesBelow(b, handle.id)).toContain('waits SCHEDULED/AwaitingSlot');
    expect(await b.clock.runUntil(handle.result())).toBe('FAILED');
    expect(await statesBelow(b, handle.id)).toContain(`waits FAILED/${name}`);
    expect(await taken(b)).toBe(false);
  });

  it('in a group fails at its deadline, too', async () => {
    const b = bench();
    const holds = task(async () => sleep(b.clock, 150 * MINUTE), { name: 'holds' });
    const waits = task(async () => 1, { name: 'waits', deadline: '2h' });
    const f = flow(
      async () =>
        group('one', { concurrency: 1 }, async () => {
          const held = holds.submit();
          const { state } = await waits.submit().outcome();
          const { deadline } = runContext();
          await held;
          return [state, deadline];
        }),
      { name: 'f' },
    );
    const begun = b.clock.now();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(121 * MINUTE);
    const failed = (await b.engine.below(handle.id)).find((run) => run.name === 'waits');
    expect(failed).toMatchObject({ state: { name: 'TimedOut' }, endedAt: begun + 120 * MINUTE });
    expect(await b.clock.runUntil(handle.result())).toEqual(['FAILED', undefined]);
  });
});

describe('the slot of a run', () => {
  it('is given back when its time is over, after its grace', async () => {
    const b = bench({ limits: { db: 1 } });
    const deaf = task(async () => sleep(b.clock, 150 * MINUTE), {
      name: 'deaf',
      limits: ['db'],
      deadline: '1h',
      grace: '10m',
    });
    const handle = await b.engine.start(
      flow(() => deaf(), { name: 'f' }),
      [],
    );
    await b.clock.advance(69 * MINUTE);
    expect(await taken(b)).toBe(true);
    await b.clock.advance(2 * MINUTE);
    expect(await taken(b)).toBe(false);
    expect(await handle.outcome()).toMatchObject({ error: { code: 'DEADLINE_PASSED' } });
  });

  it('is not kept by one that will not fit', async () => {
    const b = bench({ limits: { db: 1 } });
    const dump = task(async (minutes: number) => sleep(b.clock, minutes * MINUTE), {
      name: 'dump',
      limits: ['db'],
      ifWontFit: 'skip',
    });
    const f = flow(async (minutes: number) => (await dump.submit(minutes).outcome()).state, {
      name: 'f',
    });
    await b.clock.runUntil(b.engine.run(f, [90]));
    await b.clock.advance(2 * MINUTE);
    expect(await b.engine.run(f.with({ deadline: '1h' }), [30])).toBe('SKIPPED');
    expect(await taken(b)).toBe(false);
  });

  it('is none while a run waits for its window', async () => {
    const b = bench({ limits: { db: 1 } });
    const window = { opens: '03:00', closes: '05:00' } as const;
    const later = task(async () => taken(b), { name: 'later', limits: ['db'], window });
    const handle = await b.engine.start(
      flow(() => later(), { name: 'f' }),
      [],
    );
    await b.clock.advance(MINUTE);
    expect(await taken(b)).toBe(false);
    expect(await b.clock.runUntil(handle.result())).toBe(true);
  });
});

describe('a flow that took too long', () => {
  it.each([
    ['its timeout', { timeout: '1h' }, 'CANCELLED/Cancelled'],
    ['its deadline', { deadline: '1h' }, 'FAILED/TimedOut'],
    ['its window', { window: { opens: '01:00', closes: '03:00' } }, 'FAILED/MissedWindow'],
  ] as const)(
    'by %s executes no task any more, within its grace or after it',
    async (...[, options, state]) => {
      const b = bench();
      let executed = 0;
      const next = task(async () => executed++, { name: 'next' });
      const errors: unknown[] = [];
      const begins = async (): Promise<void> => {
        await next().catch((error: unknown) => errors.push((error as { code: string }).code));
      };
      const f = flow(
        async () => {
          await slow().catch(begins);
          await sleep(b.clock, 5 * MINUTE);
          await begins();
        },
        { name: 'f', grace: '1m', ...options },
      );
      const handle = await b.engine.start(f, []);
      expect(await b.clock.runUntil(handle.outcome())).toMatchObject({ state: 'FAILED' });
      await b.clock.advance(10 * MINUTE);
      expect(executed).toBe(0);
      expect(await statesBelow(b, handle.id)).toEqual([`next ${state}`]);
      expect(errors).toHaveLength(2);
      expect(errors[1]).toBe('RUN_ENDED');
    },
  );
});
