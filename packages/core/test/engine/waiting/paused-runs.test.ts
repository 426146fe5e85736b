import { describe, expect, it } from 'vitest';
import { flow, runContext, type FlowHandle } from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from '../support.ts';
import { asleep, executed, HOUR, nap, openRun, processOn, START, stateOf } from './support.ts';

expectNoUnhandledRejections();

describe('two processes at the waking of a run', () => {
  it('the one that has it in memory goes first, where the other one serves', async () => {
    executed.length = 0;
    const store = durableStore();
    const clock = new TestClock(START);
    const [one, two] = [
      bench({ store, clock, flows: [nap] }),
      bench({ store, clock, flows: [nap] }),
    ];
    const handle = await one.engine.start(nap, []);
    await clock.advance(1);
    await two.engine.serve();
    await clock.advance(HOUR + 5000);
    expect(await handle.result()).toBe('after');
    expect(two.told).toEqual([]);
    await two.engine.stop();
  });

  it('the one that is faster has it; the other ends as one that lost its lease', async () => {
    const { store, one, handle, id } = await asleep();
    const hold = gate();
    const slow = nap.with({ onSuccess: () => hold.opened });
    const two = processOn(store, [slow], START + HOUR);
    const { resumed } = await two.engine.recover();
    const lost = handle.outcome();
    await one.clock.advance(HOUR);
    expect((await openRun(store, id))?.lease.epoch).toBe(2);
    hold.open();
    expect(await resumed[0]?.result()).toBe('after');
    await lost.catch(() => undefined);
    expect(executed).toEqual(['before', 'after']);
    expect(one.told.at(-1)).toBe('nap PAUSED/Sleeping');
  });

  it('and the loser says so while the other is at it', async () => {
    const { store, one, handle } = await asleep();
    const hold = gate();
    const waits = flow(async () => hold.opened, { name: 'nap' });
    const two = processOn(store, [waits], START + HOUR);
    const { resumed } = await two.engine.recover();
    await one.clock.advance(HOUR);
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    hold.open();
    await resumed[0]?.outcome();
  });

  it('of several that recover at once, one takes it up', async () => {
    const { store, one } = await asleep();
    await one.engine.stop();
    const others = [1, 2, 3].map(() => processOn(store, [nap], START + HOUR));
    const reports = await Promise.all(others.map(({ engine }) => engine.recover()));
    const resumed = reports.flatMap((report) => report.resumed);
    expect(resumed).toHaveLength(1);
    expect(await (resumed[0] as FlowHandle<unknown>).result()).toBe('after');
    expect(executed).toEqual(['before', 'after']);
  });

  it('one that only had a look leaves it to the one that waits', async () => {
    const { store, one, handle, id } = await asleep();
    const lease = { rootId: id, holder: 'somebody 1', ttl: 60_000 };
    const grant = await store.acquireLease({ ...lease, now: START });
    await store.releaseLeases([{ rootId: id, epoch: grant.lease.epoch }]);
    await one.clock.advance(HOUR);
    expect(await handle.result()).toBe('after');
  });

  it('and one that went on until the next pause has taken it for good', async () => {
    const { store, one, handle, id } = await asleep();
    const later = flow(async () => runContext().sleep('9h'), { name: 'nap' });
    const two = processOn(store, [later], START + HOUR);
    await two.engine.recover();
    await two.clock.advance(1);
    expect(await openRun(store, id)).toMatchObject({ lease: { holder: '', epoch: 2 } });
    await one.clock.advance(HOUR);
    await expect(handle.result()).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await openRun(store, id)).toMatchObject({
      run: { state: { name: 'Sleeping', until: START + 10 * HOUR } },
      lease: { holder: '' },
    });
  });
});

describe('an engine that serves', () => {
  it('wakes when the first of the paused runs may go on', async () => {
    const { store, one, id } = await asleep();
    await one.engine.stop();
    const two = processOn(store, [nap], START + 1);
    const report = await two.engine.serve({ recoverEvery: '1d' });
    expect(report.waiting).toMatchObject([{ runId: id }]);
    await two.clock.advance(HOUR - 1);
    expect(await stateOf(two.engine, id)).toMatchObject({ name: 'Sleeping' });
    await two.clock.advance(1000);
    expect(await stateOf(two.engine, id)).toMatchObject({ type: 'COMPLETED' });
    await two.engine.stop();
  });
});

describe('engine.stop()', () => {
  it('leaves a paused run PAUSED, does not wait for it, and keeps its lease free', async () => {
    const { store, one, handle, id } = await asleep();
    await one.engine.stop({ timeout: '10d' });
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    expect(await openRun(store, id)).toMatchObject({
      run: { state: { type: 'PAUSED', name: 'Sleeping' }, recoveries: 0 },
      lease: { holder: '' },
    });
  });

  it('lets go of one that pauses while it waits, and records nothing of what its code makes of it', async () => {
    executed.length = 0;
    const g = gate();
    const f = flow(
      async () => {
        await g.opened;
        await runContext()
          .sleep('1h')
          .catch(() => undefined);
        return 'woken';
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    const stopped = b.engine.stop({ timeout: '10d' });
    await turns();
    g.open();
    await stopped;
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    expect(await openRun(b.store, handle.id)).toMatchObject({
      run: { state: { name: 'Sleeping' } },
    });
  });
});
