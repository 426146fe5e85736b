import { describe, expect, it } from 'vitest';
import { flow, runContext, schedule, task } from '@holdfast/core';
import { crashingRunStore, seededRandom, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traceparent', () => {
  it('is kept with the run, and known to everything below it', async () => {
    const where = task(async () => runContext().traceparent, { name: 'where' });
    const sub = flow(async () => [runContext().traceparent, await where()], { name: 'sub' });
    const f = flow(async () => [runContext().traceparent, ...(await sub())], { name: 'f' });
    const b = bench();
    const handle = await b.engine.start(f, [], { traceparent: TRACE });
    expect(await handle.result()).toEqual([TRACE, TRACE, TRACE]);
    expect(await handle.run()).toMatchObject({ traceparent: TRACE });
    const without = await b.engine.start(f, []);
    expect(await without.result()).toEqual([undefined, undefined, undefined]);
    expect(await without.run()).not.toHaveProperty('traceparent');
  });

  it.each([
    '',
    'x',
    '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01',
    `${TRACE}-more`,
    `${TRACE}\n`,
    5 as never,
  ])('that is none is refused, and no run is made: %j', async (traceparent) => {
    const b = bench();
    const start = b.engine.start(
      flow(async () => 1, { name: 'f' }),
      [],
      { traceparent },
    );
    await expect(start).rejects.toMatchObject({ code: 'TRACEPARENT_INVALID', retryable: false });
    expect(await b.engine.runs()).toEqual([]);
  });

  it('stays with a run that another process takes up, and that is run again', async () => {
    const inner = durableStore();
    let fails = true;
    const seen: unknown[] = [];
    const f = flow(
      async () => {
        seen.push(runContext().traceparent);
        if (seen.length === 1) await new Promise<never>(() => undefined);
        if (fails) throw new Error('no');
      },
      { name: 'f' },
    );
    const one = bench({ store: crashingRunStore(inner, undefined) });
    await one.engine.start(f, [], { traceparent: TRACE });
    await turns();
    const clock = new TestClock(Date.UTC(2027, 0, 1));
    const two = bench({ store: inner, flows: [f], clock, random: seededRandom(7) });
    const { resumed } = await two.engine.recover();
    await resumed[0]!.outcome();
    fails = false;
    await (await two.engine.retry(resumed[0]!.id)).result();
    expect(seen).toEqual([TRACE, TRACE, TRACE]);
  });

  it('is its own: what a run starts as a run of its own, and a schedule, have none', async () => {
    const seen: unknown[] = [];
    const alone = flow(async () => void seen.push(runContext().traceparent), { name: 'alone' });
    const b = bench({ schedules: [schedule(alone, { every: '1h' })] });
    const f = flow(
      async () => {
        await (await b.engine.start(alone, [])).result();
      },
      { name: 'f' },
    );
    await (await b.engine.start(f, [], { traceparent: TRACE })).result();
    await b.engine.serve();
    await b.clock.advance(3_600_000);
    await b.engine.stop();
    expect(seen).toEqual([undefined, undefined]);
  });
});
