import { describe, expect, it } from 'vitest';
import { flow, group, runContext, task, type RunId } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, statesBelow, turns, type Bench } from '../support.ts';
import { HOUR, nap, openRun, START, step } from './support.ts';

expectNoUnhandledRejections();

async function leaseOf({ store }: Bench, id: RunId): Promise<string | undefined> {
  return (await openRun(store, id))?.lease.holder;
}

describe('a flow that sleeps', () => {
  it('is shown PAUSED/Sleeping with the time of waking, and goes on then', async () => {
    const b = bench();
    const handle = await b.engine.start(nap, []);
    await b.clock.advance(HOUR - 1);
    expect(await handle.state()).toEqual({
      type: 'PAUSED',
      name: 'Sleeping',
      until: START + HOUR,
    });
    await b.clock.advance(1);
    expect(await handle.result()).toBe('after');
    expect(b.told).toEqual([
      'nap PENDING/Pending',
      'nap RUNNING/Running',
      'step PENDING/Pending',
      'step RUNNING/Running',
      'step COMPLETED/Completed',
      'nap PAUSED/Sleeping',
      'nap RUNNING/Resumed',
      'step PENDING/Pending',
      'step RUNNING/Running',
      'step COMPLETED/Completed',
      'nap COMPLETED/Completed',
    ]);
  });

  it('holds no lease meanwhile, and takes it again under a new epoch', async () => {
    const b = bench();
    const handle = await b.engine.start(nap, []);
    await b.clock.advance(1);
    const [left] = await b.store.openRuns();
    expect(left?.lease).toMatchObject({ holder: '', epoch: 1 });
    await b.clock.advance(HOUR);
    await handle.result();
    expect((await b.store.run(handle.id))?.state.type).toBe('COMPLETED');
    const grant = await b.store.acquireLease({
      rootId: handle.id,
      holder: 'x',
      ttl: 1,
      now: b.clock.now(),
    });
    expect(grant.lease.epoch).toBe(3);
  });

  it('sleeps until a date', async () => {
    const b = bench();
    const until = new Date(START + 48 * HOUR);
    const f = flow(async () => runContext().sleep(until), { name: 'f' });
    const handle = await b.engine.start(f, []);
    await b.clock.advance(48 * HOUR - 1);
    expect(await handle.state()).toMatchObject({ name: 'Sleeping', until: until.getTime() });
    await b.clock.advance(1);
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED' });
  });

  it('does not pause for a time that has passed, and refuses what is none', async () => {
    const b = bench();
    const f = flow(
      async () => {
        const { sleep } = runContext();
        await sleep(0);
        await sleep(new Date(START - 1));
        const refused = [sleep(-1), sleep('soon'), sleep(new Date('never'))];
        return (await Promise.allSettled(refused)).map(
          (each) => each.status === 'rejected' && (each.reason as { code: string }).code,
        );
      },
      { name: 'f' },
    );
    expect(await b.engine.run(f)).toEqual(Array(3).fill('DURATION_INVALID'));
    expect(b.told).not.toContain('f PAUSED/Sleeping');
  });

  it('sleeps to the end where the clock was set back meanwhile, and wakes where it was set forward', async () => {
    const b = bench();
    const f = flow(async () => runContext().sleep('10m'), { name: 'f' });
    const back = await b.engine.start(f, []);
    await b.clock.advance(1);
    b.clock.jump(START - HOUR);
    await b.clock.advance(HOUR + 600_000 - 1);
    expect(await back.state()).toMatchObject({ name: 'Sleeping' });
    await b.clock.advance(2);
    expect(await back.state()).toMatchObject({ type: 'COMPLETED' });
    const forward = await b.engine.start(f, []);
    await b.clock.advance(1);
    b.clock.jump(b.clock.now() + HOUR);
    await b.clock.advance(60_000);
    expect(await forward.state()).toMatchObject({ type: 'COMPLETED' });
  });

  it('is shown by the earliest of several waits, and paused again for the others', async () => {
    const b = bench();
    const f = flow(
      async () => {
        const { sleep } = runContext();
        await Promise.all([sleep('2h'), sleep('1h'), sleep('1h')]);
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1);
    expect(await handle.state()).toMatchObject({ until: START + HOUR });
    await b.clock.advance(HOUR);
    expect(await handle.state()).toMatchObject({ name: 'Sleeping', until: START + 2 * HOUR });
    expect(await leaseOf(b, handle.id)).toBe('');
    await b.clock.advance(HOUR);
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED' });
  });

  it('is not paused while something it has started is under way, and keeps its lease', async () => {
    const b = bench();
    const { promise, resolve } = Promise.withResolvers<void>();
    const work = task(async () => promise, { name: 'work' });
    const f = flow(async () => Promise.race([runContext().sleep('1h'), work()]), { name: 'f' });
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1000);
    expect(await handle.state()).toMatchObject({ type: 'RUNNING' });
    expect(await leaseOf(b, handle.id)).not.toBe('');
    resolve();
    // The sleep that lost is given up with the run.
    await handle.result();
    expect(b.told).not.toContain('f PAUSED/Sleeping');
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED' });
  });

  it('goes on under its lease where its code does something else meanwhile', async () => {
    const b = bench();
    const { promise, resolve } = Promise.withResolvers<void>();
    const f = flow(
      async () => {
        const { sleep, uuid } = runContext();
        const slept = sleep('1h');
        await promise;
        const id = uuid();
        await step(id);
        await slept;
        return id;
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(1000);
    expect(await leaseOf(b, handle.id)).toBe('');
    resolve();
    await b.clock.advance(1000);
    expect(await statesBelow(b, handle.id)).toEqual(['step COMPLETED/Completed']);
    expect(await leaseOf(b, handle.id)).toBe('');
    await b.clock.advance(HOUR);
    const id = await handle.result();
    const recorded = await b.store.recorded(handle.id);
    expect(recorded.map(({ value }) => value)).toContain(id);
    expect(b.told.filter((told) => told === 'f PAUSED/Sleeping')).toHaveLength(2);
  });

  it('that returns, throws or times out while it still waits ends as it should', async () => {
    const b = bench();
    const after = async (fails: boolean): Promise<number> => {
      void runContext().sleep('9h');
      await turns(30);
      if (fails) throw new Error('no');
      return 7;
    };
    const returns = await b.engine.start(flow(after, { name: 'returns' }), [false]);
    const throws = await b.engine.start(flow(after, { name: 'throws', retries: 1 }), [true]);
    const slow = flow(async () => runContext().sleep('9h'), {
      name: 'slow',
      timeout: '1h',
      retries: 1,
    });
    const timesOut = await b.engine.start(slow, []);
    await b.clock.advance(3 * HOUR);
    expect(await returns.result()).toBe(7);
    expect(await throws.outcome()).toMatchObject({ state: 'FAILED', error: { message: 'no' } });
    expect(await timesOut.outcome()).toMatchObject({
      state: 'FAILED',
      error: { code: 'TIMED_OUT' },
    });
    expect(b.told.filter((told) => told.startsWith('slow'))).toEqual([
      'slow PENDING/Pending',
      'slow RUNNING/Running',
      'slow PAUSED/Sleeping',
      'slow RUNNING/Resumed',
      'slow SCHEDULED/AwaitingRetry',
      'slow RUNNING/Retrying',
      'slow PAUSED/Sleeping',
      'slow RUNNING/Resumed',
      'slow FAILED/TimedOut',
    ]);
    expect(await b.store.openRuns()).toEqual([]);
  });

  it('in a group that fails is woken with it', async () => {
    const b = bench();
    const woken: unknown[] = [];
    const f = flow(
      async () => {
        const failed = group('g', {}, () =>
          Promise.all([
            runContext()
              .sleep('9h')
              .catch((error: { code: string }) => woken.push(error.code)),
            runContext()
              .sleep('1h')
              .then(() => Promise.reject(new Error('no'))),
          ]),
        );
        await failed.catch(() => undefined);
        return step('after');
      },
      { name: 'f' },
    );
    const handle = await b.engine.start(f, []);
    await b.clock.advance(HOUR);
    expect(await handle.result()).toBe('after');
    expect(woken).toEqual(['PARENT_FAILED']);
  });
});
