import { describe, expect, it } from 'vitest';
import { allowFailure, flow, runContext, task, type FlowHandle } from '@holdfast/core';
import { faultyRunStore } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

let interrupt = true;
const once = task(
  async () => {
    if (!interrupt) return 'done';
    await aborted(runContext().signal);
    throw runContext().signal.reason;
  },
  { name: 'once' },
);
const next = task(async (text: unknown) => `after ${JSON.stringify(text)}`, { name: 'next' });

/** Runs a flow, stops its engine while `once` is under way, and recovers it in another engine. */
async function stoppedAndRecovered<T>(body: () => Promise<T>) {
  interrupt = true;
  const store = durableStore();
  const f = flow(body, { name: 'f' });
  const one = bench({ store });
  const handle = await one.engine.start(f, []);
  await turns();
  await one.engine.stop();
  interrupt = false;
  const two = bench({ store, flows: [f] });
  const left = await statesBelow(two, handle.id);
  const { resumed } = await two.engine.recover();
  const result = await (resumed[0] as FlowHandle<unknown>).result();
  return { handle, left, result, two };
}

describe('engine.stop()', () => {
  it('leaves runs to be taken up, counts no recovery, and gives the lease back', async () => {
    const { handle, left, result, two } = await stoppedAndRecovered(async () => once());
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    expect(left).toEqual(['once SCHEDULED/AwaitingRecovery']);
    expect(result).toBe('done');
    const run = (await two.engine.below(handle.id))[0];
    expect(run).toMatchObject({ recoveries: 0, attempts: 1 });
    expect((await two.engine.runs({ topLevel: true }))[0]).toMatchObject({ recoveries: 0 });
  });

  it('does not skip what waits for interrupted work', async () => {
    const { left, result } = await stoppedAndRecovered(async () => next.submit(once.submit()));
    expect(left).toEqual(['once SCHEDULED/AwaitingRecovery', 'next PENDING/Pending']);
    expect(result).toBe('after "done"');
  });

  it.each<[string, () => Promise<unknown>, unknown]>([
    ['catches the interruption', () => once().catch(() => 'branched'), 'done'],
    ['reads the outcome', async () => (await once.submit().outcome()).state, 'COMPLETED'],
    [
      'goes on over the failure',
      async () => next.submit(allowFailure(once.submit())),
      'after {"ok":true,"value":"done","state":"COMPLETED"}',
    ],
    ['maps', async () => (await once.mapArgs([[], []]).outcomes()).map((o) => o.ok), [true, true]],
  ])('records no outcome of a flow that %s', async (_how, body, expected) => {
    const { handle, result } = await stoppedAndRecovered(body);
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    expect(result).toEqual(expected);
  });

  it('records no outcome of a flow that would start more, and catches that it cannot', async () => {
    const b = bench();
    const body = async (): Promise<unknown> => {
      await aborted(runContext().signal);
      return next('x').catch(() => 'branched');
    };
    const handle = await b.engine.start(flow(body, { name: 'f' }), []);
    await turns();
    await b.engine.stop();
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
  });

  it('waits first, as long as it is told, while work goes on', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow' });
    const b = bench();
    const handle = await b.engine.start(
      flow(
        async () => {
          await slow();
          return next(1);
        },
        { name: 'f' },
      ),
      [],
    );
    const stopped = b.engine.stop({ timeout: '1h' });
    await turns();
    g.open();
    expect(await handle.result()).toBe('after 1');
    await stopped;
    await expect(
      b.engine.start(
        flow(async () => 1, { name: 'g' }),
        [],
      ),
    ).rejects.toMatchObject({
      code: 'ENGINE_STOPPED',
    });
  });

  it('interrupts what has not ended in time', async () => {
    interrupt = true;
    const b = bench();
    const handle = await b.engine.start(
      flow(() => once(), { name: 'f' }),
      [],
    );
    const stopped = b.engine.stop({ timeout: '1h' });
    await b.clock.advance(3_600_001);
    await stopped;
    await expect(handle.result()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
  });

  it('waits no longer than a grace for a hook, which stays due', async () => {
    const f = flow(async () => 1, {
      name: 'f',
      grace: '10s',
      onSuccess: () => new Promise(() => undefined),
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    await b.clock.runUntil(b.engine.stop());
    expect(await handle.result()).toBe(1);
    expect(await b.store.pendingHooks()).toMatchObject([{ hook: 'onSuccess' }]);
  });

  it('loses no run that is being started meanwhile', async () => {
    const inner = durableStore();
    const store = faultyRunStore(inner, [{ call: 'commit', nth: 1, does: 'waits' }]);
    const b = bench({ store });
    const starting = b.engine.start(
      flow(async () => 1, { name: 'f' }),
      [],
    );
    await store.waiting('commit');
    const stopped = b.engine.stop();
    store.release();
    const handle = await starting;
    await stopped;
    await expect(handle.outcome()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    const [open] = await inner.openRuns();
    expect(open?.lease.holder).toBe('');
  });

  it('ends the waiting for a run of another process, and is idempotent', async () => {
    const store = durableStore();
    const one = bench({ store });
    interrupt = true;
    const handle = await one.engine.start(
      flow(() => once(), { name: 'f' }),
      [],
    );
    const two = bench({ store });
    const foreign = (await two.engine.find(handle.id)).outcome();
    await turns();
    await Promise.all([two.engine.stop(), two.engine.stop()]);
    await expect(foreign).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    await one.engine.stop();
  });
});
