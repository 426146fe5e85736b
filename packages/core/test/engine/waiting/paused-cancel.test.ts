import { describe, expect, it } from 'vitest';
import { flow, runContext } from '@holdfast/core';
import { faultyRunStore, TestClock } from '@holdfast/core/testing';
import { aborted, bench, expectNoUnhandledRejections, turns } from '../support.ts';
import { asleep, executed, HOUR, nap, processOn, START, stateOf } from './support.ts';

expectNoUnhandledRejections();

describe('a paused run that is cancelled', () => {
  it('by the engine that has it: its code is told, and it ends CANCELLED', async () => {
    const { one, handle, id } = await asleep();
    await one.engine.cancel(id, 'enough');
    expect(await handle.outcome()).toMatchObject({ state: 'CANCELLED' });
    expect(one.told.slice(-2)).toEqual(['nap CANCELLING/Cancelling', 'nap CANCELLED/Cancelled']);
    expect(await one.store.openRuns()).toEqual([]);
  });

  it('by another engine: that one ends it at once, calls nothing, and the first one learns of it', async () => {
    const { store, one, handle, id } = await asleep();
    const two = processOn(store, [nap], START + 60_000);
    await two.engine.cancel(id, 'enough');
    expect(await stateOf(two.engine, id)).toMatchObject({ type: 'CANCELLED', reason: 'enough' });
    const outcome = handle.outcome();
    await one.clock.advance(30_000);
    expect(await outcome).toMatchObject({ state: 'CANCELLED' });
    expect(executed).toEqual(['before']);
    expect(one.told.at(-1)).toBe('nap PAUSED/Sleeping');
  });

  it('by an engine that does not know its flow: by the next look of one that does', async () => {
    const { store, one, id } = await asleep();
    await one.engine.stop();
    const stranger = processOn(store, []);
    await stranger.engine.cancel(id, 'enough');
    expect(await stateOf(stranger.engine, id)).toMatchObject({ type: 'PAUSED' });
    const two = processOn(store, [nap], START + 60_000);
    expect(await two.engine.recover()).toMatchObject({ ended: [id], waiting: [] });
    expect(await stateOf(two.engine, id)).toMatchObject({ type: 'CANCELLED', reason: 'enough' });
    expect(executed).toEqual(['before']);
  });

  it('or by the one that has it in memory, which looks from time to time', async () => {
    const { store, one, handle, id } = await asleep();
    await processOn(store, []).engine.cancel(id, 'enough');
    await one.clock.advance(30_000);
    expect(await handle.outcome()).toMatchObject({ state: 'CANCELLED' });
  });

  it('by its handle, when another process has just taken it up: by that one', async () => {
    const { store, one, handle } = await asleep();
    const waits = flow(() => aborted(runContext().signal), { name: 'nap' });
    const two = processOn(store, [waits], START + HOUR);
    const { resumed } = await two.engine.recover();
    await turns();
    const cancelled = handle.cancel('enough');
    await two.clock.advance(10_000);
    await cancelled;
    expect(two.told).toContain('nap CANCELLING/Cancelling');
    await resumed[0]?.outcome();
    expect(one.told.at(-1)).toBe('nap PAUSED/Sleeping');
  });

  it('just before it wakes: its code does not go on', async () => {
    const { store, one, handle, id } = await asleep();
    await one.clock.advance(HOUR - 5000);
    await processOn(store, []).engine.cancel(id, 'enough');
    await one.clock.advance(5000);
    expect(await handle.outcome()).toMatchObject({ state: 'CANCELLED' });
    expect(executed).toEqual(['before']);
  });

  it('while another process takes it up: its code is not called', async () => {
    const { store, one, id } = await asleep();
    await one.engine.stop();
    const faulty = faultyRunStore(store, [{ call: 'acquireLease', nth: 1, does: 'waits' }]);
    const two = bench({ store: faulty, flows: [nap], clock: new TestClock(START + HOUR) });
    const recovering = two.engine.recover();
    await faulty.waiting('acquireLease');
    await processOn(store, []).engine.cancel(id, 'enough');
    faulty.release();
    const { resumed } = await recovering;
    expect(await resumed[0]?.outcome()).toMatchObject({ state: 'CANCELLED' });
    expect(executed).toEqual(['before']);
  });
});
