import { describe, expect, it } from 'vitest';
import { flow, runContext } from '@holdfast/core';
import { crashingRunStore, faultyRunStore, TestClock } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
} from '../support.ts';
import { asleep, executed, HOUR, nap, openRun, processOn, START, step } from './support.ts';

expectNoUnhandledRejections();

describe('a lease that is given back for a pause', () => {
  it('is taken again where something comes up while it is being released', async () => {
    const store = durableStore();
    const faulty = faultyRunStore(store, [{ call: 'releaseLeases', nth: 1, does: 'waits' }]);
    const b = bench({ store: faulty });
    const g = gate();
    const f = flow(
      async () => {
        const slept = runContext().sleep('1h');
        await g.opened;
        await step('meanwhile');
        await slept;
        return 'rested';
      },
      { name: 'f' },
    );
    executed.length = 0;
    const handle = await b.engine.start(f, []);
    await faulty.waiting('releaseLeases');
    g.open();
    await turns();
    expect(executed).toEqual([]);
    faulty.release();
    await b.clock.advance(HOUR);
    expect(await handle.result()).toBe('rested');
    expect(executed).toEqual(['meanwhile']);
  });

  it('but cannot be is kept, and the run goes on under it', async () => {
    const { store, one, handle, id } = await asleep([
      { call: 'releaseLeases', nth: 1, does: 'fails' },
    ]);
    expect((await openRun(store, id))?.lease.holder).not.toBe('');
    await one.clock.advance(20_000);
    await one.engine.cancel(id, 'enough');
    expect(await handle.outcome()).toMatchObject({ state: 'CANCELLED' });
  });

  it('and cannot be taken again leaves the run to the next look', async () => {
    const { store, one, handle, id } = await asleep([
      { call: 'acquireLease', nth: 1, does: 'fails' },
    ]);
    await one.clock.advance(HOUR);
    await expect(handle.result()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await openRun(store, id)).toMatchObject({ run: { state: { name: 'Sleeping' } } });
    const { resumed } = await processOn(store, [nap], START + HOUR).engine.recover();
    expect(await resumed[0]?.result()).toBe('after');
  });

  it('waits for hooks that are being told', async () => {
    const g = gate();
    const f = nap.with({ onStart: () => g.opened });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1);
    expect(await openRun(b.store, handle.id)).toMatchObject({
      run: { state: { name: 'Sleeping' } },
    });
    expect((await openRun(b.store, handle.id))?.lease.holder).not.toBe('');
    g.open();
    await turns();
    expect((await openRun(b.store, handle.id))?.lease.holder).toBe('');
  });

  it('is given back by whoever finds that its holder died just then, who also tells the hooks', async () => {
    const told: string[] = [];
    const hooked = nap.with({ onStart: () => void told.push('start') });
    const store = durableStore();
    // Commits: the start, the hook's delivery, the task, its end, the pause.
    for (let commit = 1; ; commit++) {
      const dying = crashingRunStore(store, { commit, moment: 'after' });
      const one = bench({ store: dying, flows: [hooked], clock: new TestClock(START) });
      void one.engine.run(hooked);
      await Promise.race([dying.died, turns(200)]);
      const [left] = (await store.openRuns()).filter(({ run }) => run.state.type === 'PAUSED');
      if (left === undefined) continue;
      expect(left.lease.holder).not.toBe('');
      const two = processOn(store, [hooked], START + 60_000);
      const { waiting } = await two.engine.recover();
      expect(waiting).toMatchObject([{ runId: left.run.id }]);
      expect((await openRun(store, left.run.id))?.lease.holder).toBe('');
      expect(await store.pendingHooks(left.run.id)).toEqual([]);
      expect(told).toContain('start');
      return;
    }
  });

  it('is taken again by assertLease()', async () => {
    const g = gate();
    const f = flow(
      async () => {
        const slept = runContext().sleep('1h');
        await g.opened;
        await runContext().assertLease();
        return slept;
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1);
    g.open();
    await b.clock.advance(HOUR);
    expect(await handle.outcome()).toMatchObject({ state: 'COMPLETED' });
    expect((await b.store.acquireLease({ rootId: handle.id, holder: 'x', ttl: 1, now: 0 })).lease)
      // The first, one for assertLease(), one for the waking, and this.
      .toMatchObject({ epoch: 4 });
  });
});

it('a child process counts as something under way', async () => {
  const f = flow(
    async () => {
      const { sleep, startChild, signal } = runContext();
      const child = await startChild('sleep', { args: ['60'] });
      await Promise.race([sleep('1h'), aborted(signal)]);
      return child.exited;
    },
    { name: 'f' },
  );
  const b = bench();
  const handle = await b.engine.start(f, []);
  while (!(await b.store.children(handle.id)).length) await turns(5);
  await turns(50);
  expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
  await handle.cancel('enough');
  expect(b.told).not.toContain('f PAUSED/Sleeping');
});
