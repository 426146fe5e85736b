import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flow, newRunId, runContext, secret, systemRandom, task } from '@holdfast/core';
import { crashAtEveryStep, faultyRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from '../support.ts';
import { executed, HOUR, openRun, processOn, START, stateOf, step } from './support.ts';

expectNoUnhandledRejections();

const schema = z.number().min(1);
const pay = flow(
  async () => {
    await step('invoice');
    const amount = await runContext().pauseForInput('amount', { schema, timeout: '9h' });
    await step(`paid ${amount}`);
    return amount;
  },
  { name: 'pay', inputs: { amount: schema } },
);

/** `pay`, waiting in a process that lives. */
async function waiting() {
  executed.length = 0;
  const store = durableStore();
  const one = bench({ store, flows: [pay], clock: new TestClock(START) });
  const handle = await one.engine.start(pay, []);
  await one.clock.advance(1);
  return { store, one, handle, id: handle.id };
}

describe('a value that is given', () => {
  it('in another process is noticed within 5 s by the one that waits', async () => {
    const { store, one, handle, id } = await waiting();
    await one.clock.advance(HOUR);
    await processOn(store, [], START + HOUR).engine.provideInput(id, 'amount', 7);
    await one.clock.advance(5000);
    expect(await handle.result()).toBe(7);
  });

  it('is checked by any engine that knows the definition, else by who waits', async () => {
    const { store, id } = await waiting();
    const two = processOn(store, [pay]);
    await expect(two.engine.provideInput(id, 'amount', 0)).rejects.toMatchObject({
      code: 'INPUT_REFUSED',
      context: { runId: id, input: 'amount' },
    });
    expect(await store.inputs(id)).toEqual([]);
    await processOn(store, []).engine.provideInput(id, 'amount', 0);
    expect(await store.inputs(id)).toHaveLength(1);
  });

  it('is checked by the code that waits in the same engine, whatever the definition says', async () => {
    const f = flow(async () => runContext().pauseForInput('n', { schema }), { name: 'f' });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    await expect(b.engine.provideInput(handle.id, 'n', 'x')).rejects.toMatchObject({
      code: 'INPUT_REFUSED',
    });
    await b.engine.provideInput(handle.id, 'n', 1);
    await turns();
    expect(await handle.result()).toBe(1);
  });

  it('is checked by what the definition declares where the code names no schema', async () => {
    const f = flow(async () => runContext().pauseForInput('n'), {
      name: 'f',
      inputs: { n: schema },
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    const stranger = bench({ store: b.store, clock: b.clock });
    await stranger.engine.provideInput(handle.id, 'n', 'x');
    await b.clock.advance(5000);
    expect(await handle.state()).toMatchObject({ name: 'Paused' });
    await stranger.engine.provideInput(handle.id, 'n', 4);
    await b.clock.advance(5000);
    expect(await handle.result()).toBe(4);
  });

  it('first stays; the same again changes nothing, another is refused', async () => {
    const { store, id } = await waiting();
    const two = processOn(store, []);
    await two.engine.provideInput(id, 'amount', 3);
    await two.engine.provideInput(id, 'amount', 3);
    await expect(two.engine.provideInput(id, 'amount', 4)).rejects.toMatchObject({
      code: 'INPUT_ALREADY_GIVEN',
    });
    expect(await store.inputs(id)).toMatchObject([{ value: 3 }]);
  });

  it('at the same time as others: one stays, and only who gave it is told so', async () => {
    const { store, id } = await waiting();
    const values = [1, 2, 3, 4];
    const given = await Promise.allSettled(
      values.map((value) => processOn(store, []).engine.provideInput(id, 'amount', value)),
    );
    const [stayed] = await store.inputs(id);
    expect(given.map(({ status }) => status)).toEqual(
      values.map((value) => (value === stayed?.value ? 'fulfilled' : 'rejected')),
    );
  });

  it('is refused for runs that are not there or have ended, and where it cannot be kept', async () => {
    const { one, id } = await waiting();
    const { engine } = one;
    const unknown = newRunId(START, systemRandom);
    process.env['HOLDFAST_TEST_INPUT'] = 'swordfish-1';
    const f = flow(
      async () =>
        runContext()
          .secret(secret('env:HOLDFAST_TEST_INPUT'))
          .then(() => 1),
      { name: 'f' },
    );
    const ended = await engine.start(f, []);
    await ended.result();
    const given = [
      engine.provideInput(unknown, 'amount', 1),
      engine.provideInput(ended.id, 'amount', 1),
      engine.provideInput(id, 'other', () => 1),
      engine.provideInput(id, 'other', 'it is swordfish-1'),
      engine.provideInput(id, 'swordfish-1', 1),
      engine.provideInput(id, '', 1),
      engine.provideInput(id, 'a\u001f2', 1),
    ];
    const codes = (await Promise.allSettled(given)).map(
      (each) => each.status === 'rejected' && (each.reason as { code: string }).code,
    );
    expect(codes).toEqual([
      'RUN_UNKNOWN',
      'INPUT_TOO_LATE',
      'NOT_SERIALISABLE',
      'SECRET_IN_VALUE',
      'KEY_INVALID',
      'KEY_INVALID',
      'KEY_INVALID',
    ]);
  });

  it('is kept no more where too many were refused', async () => {
    const { store, one, id } = await waiting();
    const stranger = processOn(store, []);
    for (let n = 0; n < 100; n++) {
      await stranger.engine.provideInput(id, 'amount', -n);
      await one.clock.advance(5000);
    }
    await expect(stranger.engine.provideInput(id, 'amount', 1)).rejects.toMatchObject({
      code: 'INPUT_REFUSED',
    });
    expect(await store.inputs(id)).toHaveLength(100);
  });

  it('to a generation that has ended is not there for the next', async () => {
    const { one, handle, id } = await waiting();
    await one.engine.provideInput(id, 'amount', 3);
    await turns();
    await handle.result();
    const again = await one.engine.retry(id);
    await turns();
    expect(await again.state()).toMatchObject({ type: 'PAUSED', input: 'amount' });
    await one.engine.provideInput(id, 'amount', 4);
    await turns();
    expect(await again.result()).toBe(4);
  });
});

describe('an input that outlives its process', () => {
  it('leaves the run alone until it is there; any engine takes it up then', async () => {
    const { store, one, id } = await waiting();
    await one.engine.stop();
    const two = processOn(store, [pay], START + HOUR);
    expect(await two.engine.recover()).toMatchObject({
      resumed: [],
      waiting: [{ runId: id, name: 'pay', input: 'amount', until: new Date(START + 9 * HOUR) }],
    });
    await processOn(store, []).engine.provideInput(id, 'amount', 0);
    const told: unknown[] = [];
    two.engine.events.on('warning', ({ code }) => told.push(code));
    await two.engine.recover();
    await turns();
    // It was taken up for a value that does not fit, and waits on.
    expect(told).toEqual(['INPUT_REFUSED']);
    await two.engine.stop();
    const three = processOn(store, [pay], START + 2 * HOUR);
    expect((await three.engine.recover()).waiting).toHaveLength(1);
    await processOn(store, [pay], START + HOUR).engine.provideInput(id, 'amount', 8);
    const { resumed } = await three.engine.recover();
    expect(await resumed[0]?.result()).toBe(8);
    expect(executed).toEqual(['invoice', 'paid 8']);
    expect((await three.engine.runs({ topLevel: true }))[0]).toMatchObject({ recoveries: 0 });
  });

  it('is taken up by the engine that serves where it was given, once others had their chance', async () => {
    const { store, one, id } = await waiting();
    await one.engine.stop();
    const two = processOn(store, [pay], START + HOUR);
    await two.engine.serve({ recoverEvery: '1d' });
    await two.engine.provideInput(id, 'amount', 5);
    await two.clock.advance(5999);
    expect(await stateOf(two.engine, id)).toMatchObject({ type: 'PAUSED' });
    await two.clock.advance(1);
    expect(await stateOf(two.engine, id)).toMatchObject({ type: 'COMPLETED' });
    await two.engine.stop();
  });

  it('is left to the process that waits for it, by one that serves', async () => {
    const { store, one, handle, id } = await waiting();
    const two = bench({ store, flows: [pay], clock: one.clock });
    await two.engine.serve();
    await one.clock.advance(HOUR);
    await two.engine.provideInput(id, 'amount', 5);
    await one.clock.advance(60_000);
    expect(await handle.result()).toBe(5);
    expect(two.told).toEqual([]);
    await two.engine.stop();
  });

  it('gives up when its time is over, whoever takes it up', async () => {
    const { store, one, id } = await waiting();
    await one.engine.stop();
    const two = processOn(store, [pay], START + 10 * HOUR);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.outcome()).toMatchObject({ error: { code: 'INPUT_TIMED_OUT' } });
    expect(await stateOf(two.engine, id)).toMatchObject({ name: 'TimedOut' });
  });

  it('that was given up stays given up, whatever is given afterwards', async () => {
    const store = durableStore();
    const hangs = task(async () => runContext().sleep('9h'), { name: 'hangs' });
    const f = flow(
      async () => {
        const { pauseForInput } = runContext();
        const answer = await pauseForInput('go', { timeout: '1h' }).catch(() => 'nobody');
        await hangs();
        return answer;
      },
      { name: 'f' },
    );
    const one = processOn(store, [f]);
    const { id } = await one.engine.start(f, []);
    await one.clock.advance(2 * HOUR);
    await processOn(store, []).engine.provideInput(id, 'go', 'too late');
    const two = processOn(store, [f], START + 30 * HOUR);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('nobody');
  });

  it('that is given while the lease is being released loses nobody', async () => {
    const store = durableStore();
    const faulty = faultyRunStore(store, [{ call: 'releaseLeases', nth: 1, does: 'waits' }]);
    const one = bench({ store: faulty, clock: new TestClock(START) });
    const handle = await one.engine.start(pay, []);
    await faulty.waiting('releaseLeases');
    await one.engine.provideInput(handle.id, 'amount', 6);
    await turns();
    expect((await openRun(store, handle.id))?.lease.holder).not.toBe('');
    faulty.release();
    await turns();
    expect(await handle.result()).toBe(6);
  });

  it('a store that cannot be read for a while is asked again', async () => {
    const store = durableStore();
    const faulty = faultyRunStore(store, [{ call: 'inputs', nth: 2, times: 3, does: 'fails' }]);
    const one = bench({ store: faulty, clock: new TestClock(START) });
    const handle = await one.engine.start(pay, []);
    await one.clock.advance(150);
    await processOn(store, []).engine.provideInput(handle.id, 'amount', 6);
    await one.clock.advance(60_000);
    expect(await handle.result()).toBe(6);
  });

  it('comes to its end wherever its process dies', async () => {
    const ask = task(async () => runContext().pauseForInput('name'), { name: 'ask' });
    const f = flow(
      async () => {
        const { pauseForInput } = runContext();
        const amount = await pauseForInput('amount', { schema });
        const late = await pauseForInput('never', { timeout: '1h' }).catch(() => 'nobody');
        return [await step(`${amount}`), late, await ask()];
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, { inputs: { amount: 2, name: 'ada' } });
    expect(report.result).toEqual(['2', 'nobody', 'ada']);
    expect(report.crashes).toBeGreaterThan(20);
  }, 60_000);
});
