import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  statesBelow,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

const obedient = async (): Promise<never> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

describe('over crashes and stops a deadline', () => {
  it('goes on as it was made, also while nobody was there', async () => {
    const t = task(obedient, { name: 't' });
    const f = flow(() => t(), { name: 'f', deadline: '2h' });
    const store = durableStore();
    const one = bench({ store });
    const handle = await one.engine.start(f, []);
    await turns();
    await one.clock.advance(HOUR);
    await one.engine.stop();
    const two = bench({ store, flows: [f], clock: one.clock });
    const { resumed } = await two.engine.recover();
    const ended = resumed[0]?.outcome();
    await two.clock.advance(HOUR - 1);
    expect((await two.engine.runs({ topLevel: true }))[0]?.state.type).toBe('RUNNING');
    await two.clock.advance(1);
    expect(await ended).toMatchObject({ error: { code: 'DEADLINE_PASSED' } });
    expect(await statesBelow(two, handle.id)).toEqual(['t FAILED/TimedOut']);
  });

  it('that passed meanwhile ends the run, and first what is below it, without another attempt', async () => {
    const store = durableStore();
    let attempts = 0;
    const t = task(
      async () => {
        attempts++;
        return obedient();
      },
      { name: 't' },
    );
    const waiting = task(async (n: unknown) => n, { name: 'waiting' });
    const f = flow(async () => waiting(t.submit() as never), { name: 'f', deadline: '2h' });
    const one = bench({ store });
    const handle = await one.engine.start(f, []);
    await turns();
    await one.engine.stop();
    const two = bench({ store, flows: [f] });
    two.clock.jump(two.clock.now() + 3 * HOUR);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.outcome()).toMatchObject({ error: { code: 'DEADLINE_PASSED' } });
    expect(attempts).toBe(1);
    expect((await statesBelow(two, handle.id)).toSorted()).toEqual([
      't FAILED/TimedOut',
      'waiting FAILED/TimedOut',
    ]);
    expect(two.told.at(-1)).toBe('f FAILED/TimedOut');
  });

  it('is made anew for a run that is run again', async () => {
    let broken = true;
    const f = flow(async () => (broken ? obedient() : 'done'), { name: 'f', deadline: '1h' });
    const b = bench({ flows: [f] });
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { code: 'DEADLINE_PASSED' },
    });
    broken = false;
    await b.clock.advance(10 * HOUR);
    const again = await b.engine.retry(handle.id);
    expect(await b.clock.runUntil(again.result())).toBe('done');
    expect(await again.run()).toMatchObject({
      generation: 2,
      bounds: { deadline: Date.UTC(2026, 0, 5, 14) },
    });
  });

  it('is noticed late by no more than a minute where timers stood still', async () => {
    const b = bench();
    const handle = await b.engine.start(flow(obedient, { name: 'f', deadline: '8h' }), []);
    await turns();
    b.clock.jump(b.clock.now() + 7.99 * HOUR);
    await b.clock.advance(60_000);
    expect(await handle.outcome()).toMatchObject({ error: { code: 'DEADLINE_PASSED' } });
  });
});
