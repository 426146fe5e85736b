import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type FlowHandle } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import {
  bench,
  durableStore,
  expectNoUnhandledRejections,
  statesBelow,
  turns,
} from '../support.ts';
import { HOUR, nap, openRun, processOn, START, step } from './support.ts';

expectNoUnhandledRejections();

describe('a task that sleeps', () => {
  const drowsy = task(
    async () => {
      await runContext().sleep('1h');
      return 'rested';
    },
    { name: 'drowsy' },
  );
  const f = flow(async () => drowsy(), { name: 'f' });

  it('is PAUSED below a flow that runs and keeps its lease', async () => {
    const b = bench();
    const handle = await b.engine.start(f, []);
    await b.clock.advance(10 * 60_000);
    expect(await statesBelow(b, handle.id)).toEqual(['drowsy PAUSED/Sleeping']);
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    expect(await openRun(b.store, handle.id)).not.toMatchObject({ lease: { holder: '' } });
    await b.clock.advance(HOUR);
    expect(await handle.result()).toBe('rested');
  });

  it('goes on with what is left when its process has died or was stopped, at no cost of recoveries', async () => {
    for (const end of ['dies', 'stops'] as const) {
      const store = durableStore();
      const one = processOn(store, [f]);
      const handle = await one.engine.start(f, []);
      await one.clock.advance(HOUR / 2);
      if (end === 'stops') await one.engine.stop();
      const two = processOn(store, [f], START + HOUR - 60_000);
      const { resumed } = await two.engine.recover();
      await two.clock.advance(59_999);
      expect(await statesBelow(two, handle.id)).toEqual(['drowsy PAUSED/Sleeping']);
      await two.clock.advance(1);
      expect(await resumed[0]?.result()).toBe('rested');
      expect((await two.engine.below(handle.id))[0]).toMatchObject({ recoveries: 0, attempts: 1 });
    }
  });

  it('is cancelled in its sleep', async () => {
    const b = bench();
    const g = flow(
      async () => {
        const future = drowsy.submit();
        await turns(30);
        future.cancel('get up');
        return (await future.outcome()).state;
      },
      { name: 'g' },
    );
    expect(await b.engine.run(g)).toBe('CANCELLED');
    expect(b.told).toContain('drowsy CANCELLING/Cancelling');
  });
});

describe('a sleep that outlives its process', () => {
  it('is left alone by a recovery until its time has come, then slept no longer', async () => {
    const store = durableStore();
    const one = processOn(store, [nap]);
    const { id } = await one.engine.start(nap, []);
    await one.clock.advance(1);
    const early = processOn(store, [nap], START + HOUR - 1);
    const report = await early.engine.recover();
    expect(report).toMatchObject({
      resumed: [],
      waiting: [{ runId: id, name: 'nap', until: new Date(START + HOUR) }],
    });
    expect(await openRun(store, id)).toMatchObject({ lease: { holder: '' } });
    const due = processOn(store, [nap], START + HOUR);
    const { resumed } = await due.engine.recover();
    expect(await (resumed[0] as FlowHandle<unknown>).result()).toBe('after');
    const [run] = await due.engine.runs({ topLevel: true });
    expect(run).toMatchObject({ recoveries: 0, attempts: 1 });
    const history = (await due.engine.history(id)).map(({ state }) => state.name);
    expect(history.slice(2)).toEqual(['Sleeping', 'AwaitingRecovery', 'Resumed', 'Completed']);
    expect((await due.engine.below(id)).map(({ generation }) => generation)).toEqual([1, 1]);
  });

  it('ends when it should wherever its process dies', async () => {
    const f = flow(
      async () => {
        const { sleep, now } = runContext();
        const began = now();
        await step('a');
        await sleep('2h');
        await step.with({ key: () => 'b' })('b');
        await Promise.all([sleep('1h'), sleep('30m')]);
        await sleep(new Date(began + 4 * HOUR));
        return flow(async () => task(async () => runContext().sleep('1m'), { name: 'doze' })(), {
          name: 'inner',
        })();
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f);
    expect(report.crashes).toBeGreaterThan(20);
  }, 60_000);
});
