import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type Explanation } from '@holdfast/core';
import { bench, durableStore, gate, turns } from '../engine/support.ts';
import {
  againBy,
  begun,
  forever,
  MINUTE,
  processOn,
  refused,
  START,
  storeOfTheDead,
  titles,
} from './support.ts';

function waits({ whatItWaitsFor }: Explanation): string[] {
  return whatItWaitsFor.map((wait) => `${wait.run.runName ?? wait.run.name}: ${wait.for}`);
}

describe('explain, of a run that is under way', () => {
  it('tells of a retry and when it is due, and of what waits for it', async () => {
    const dump = task(
      async () => {
        throw refused();
      },
      { name: 'dump', retries: { limit: 2, delay: '10m' } },
    );
    const verify = task(async (...given: unknown[]) => given.length, { name: 'verify' });
    const f = flow(async () => verify.submit(dump.submit()), { name: 'nightly' });
    const one = bench();
    const id = await begun(one, f);
    await one.clock.advance(MINUTE);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' has been under way for 1m and waits for 'dump', which waits for attempt 2, due at 2026-01-05 02:10:00 UTC (in 9m), after ECONNREFUSED: connect ECONNREFUSED db:5432 (1 more below it has not ended).",
    );
    expect(waits(told)).toEqual(['nightly: children', 'dump: retry', 'verify: inputs']);
    expect(told.whatItWaitsFor[2]).toMatchObject({ certain: false, of: [{ name: 'dump' }] });
    expect(told.holder).toMatchObject({ kind: 'this-engine', expired: false, pid: process.pid });
    expect(told.whatFailedFirst).toBeUndefined();
    const [, ofDump] = await Promise.all(
      told.whatItWaitsFor.map(({ run }) => one.engine.explain(run.id)),
    );
    expect(ofDump?.sentence).toMatch(/^'dump' has been under way for 1m and waits for attempt 2,/);
    await one.engine.stop();
  });

  it('tells of the function at the bottom', async () => {
    const held = gate();
    const copy = task(async () => held.opened, { name: 'copy' });
    const sub = flow(async () => copy(), { name: 'offsite' });
    const f = flow(async () => sub(), { name: 'nightly' });
    const one = bench();
    const id = await begun(one, f);
    await one.clock.advance(90 * MINUTE);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' has been under way for 1h 30m and waits for 'copy', which is executing its function (1 more below it has not ended).",
    );
    expect(againBy(told)).toEqual({
      by: 'recovery',
      runs: ['nightly', 'offsite', 'copy'],
      kept: 0,
    });
    held.open();
    await turns();
    expect((await one.engine.explain(id)).sentence).toBe("'nightly' completed after 1h 30m.");
  });

  it('tells that something was told to stop and goes on', async () => {
    const deaf = task(forever, { name: 'deaf', grace: '10m' });
    const f = flow(async () => deaf(), { name: 'nightly', grace: '10m' });
    const one = bench();
    const id = await begun(one, f);
    void one.engine.cancel(id, 'maintenance');
    await turns();
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' has been under way for 0ms and was told to stop (maintenance) and has not ended yet.",
    );
    expect(waits(told)).toEqual(['nightly: stop', 'deaf: stop']);
    expect(told.whatWouldRunAgain).toMatchObject({
      runs: [],
      ended: [{ as: 'CANCELLED' }, { as: 'CANCELLED' }],
    });
  });

  it('handles a map of 1,000 members', async () => {
    const held = gate();
    const dump = task(async (n: number) => held.opened.then(() => n), { name: 'dump' });
    const verify = task(async (n: number) => n, { name: 'verify' });
    const f = flow(
      async () =>
        verify
          .with({ concurrency: 1000 })
          .map(dump.with({ concurrency: 1000 }).map(Array.from({ length: 1000 }, (_, n) => n))),
      { name: 'nightly' },
    );
    const one = bench();
    const id = await begun(one, f);
    await turns(100);
    const told = await one.engine.explain(id);
    expect(told.counts).toEqual({ PENDING: 1000, RUNNING: 1000 });
    expect(told.whatItWaitsFor).toHaveLength(2001);
    expect(told.sentence).toBe(
      "'nightly' has been under way for 0ms and waits for 'dump', which is executing its function (1,999 more below it have not ended).",
    );
    held.open();
    await turns(100);
    expect((await one.engine.explain(id)).sentence).toBe("'nightly' completed after 0ms.");
  });
});

describe('explain, of a run that nobody goes on with', () => {
  const first = task(async () => 'kept', { name: 'first' });
  const second = task(forever, { name: 'second' });
  const nightly = flow(async () => [await first(), await second()], { name: 'nightly' });

  it('says that its process is dead, and what a recovery would do', async () => {
    const store = storeOfTheDead();
    const id = await begun(processOn(store, START), nightly);
    const told = await processOn(store, START + MINUTE / 6, { flows: [nightly] }).engine.explain(
      id,
    );
    expect(told.holder).toMatchObject({ kind: 'dead', expired: false });
    expect(told.sentence).toBe(
      `'nightly' is left behind, because its process ${told.holder?.pid} is dead; engine.recover() would execute 'second' and keep 1 run that completed (0 of 3 recoveries are used).`,
    );
    expect(waits(told)).toEqual(['nightly: recovery']);
    expect(againBy(told)).toEqual({ by: 'recovery', runs: ['nightly', 'second'], kept: 1 });
    expect(told.whatFailedFirst).toBeUndefined();
  });

  it('says that its lease has ended, where nobody can tell whether the holder is dead', async () => {
    const store = durableStore();
    const id = await begun(processOn(store, START), nightly);
    const { engine } = processOn(store, START + 5 * MINUTE);
    const told = await engine.explain(id);
    expect(told.holder).toMatchObject({ kind: 'alive', expired: true });
    expect(told.sentence).toBe(
      `'nightly' is left behind, because its process ${process.pid} has not renewed its lease, which ended 4m 30s ago; engine.recover() would execute 'second' and keep 1 run that completed.`,
    );
  });

  it('counts it as under way while another holds its lease', async () => {
    const store = durableStore();
    const id = await begun(processOn(store, START), nightly);
    const told = await processOn(store, START + 1000).engine.explain(id);
    expect(told.holder).toMatchObject({ kind: 'alive', expired: false });
    expect(waits(told)).toEqual(['nightly: children', 'second: function']);
  });

  it('says that its engine was stopped', async () => {
    const store = durableStore();
    const slow = task(async () => forever(), { name: 'slow', grace: 0 });
    const f = flow(async () => slow(), { name: 'f', grace: 0 });
    const one = processOn(store, START);
    const id = await begun(one, f);
    await one.clock.runUntil(one.engine.stop());
    const told = await processOn(store, START + 1000).engine.explain(id);
    expect(told.holder).toMatchObject({ kind: 'nobody' });
    expect(told.run.displayState).toBe('AwaitingRecovery');
    expect(told.sentence).toBe(
      "'f' is left behind, because the engine that ran it was stopped; engine.recover() would execute 'slow'.",
    );
  });

  it('says that its recoveries are used up', async () => {
    const store = storeOfTheDead();
    const once = flow(async () => [await first(), await second()], {
      name: 'once',
      maxRecoveries: 0,
    });
    const id = await begun(processOn(store, START), once);
    const two = processOn(store, START + MINUTE, { flows: [once] });
    const told = await two.engine.explain(id);
    expect(told.sentence).toMatch(
      /; engine\.recover\(\) would end it as CRASHED because all 0 recoveries are used\.$/,
    );
    expect(titles(told.whatWouldRunAgain.ended.map(({ run }) => run))).toEqual(['once', 'second']);
    await two.engine.recover();
    const after = await two.engine.explain(id);
    expect(after.sentence).toMatch(
      /^'once' was given up after 1m with RECOVERIES_EXHAUSTED: .*; engine\.retry\(\) would execute 'second' and keep 1 run that completed\.$/,
    );
    const lost = after.whatWouldRunAgain.runs.find(({ name }) => name === 'second');
    const below = await two.engine.explain(lost?.id as never);
    expect(below.whatFailedFirst?.chain.map(({ run, how }) => `${run.name} ${how}`)).toEqual([
      'once failed',
      'second crashed-with',
    ]);
  });
});

describe('explain, of a run that its flow refuses to take up', () => {
  it('says why, where the engine that is asked knows the flow', async () => {
    const picky = flow(forever, { name: 'picky', resumeWithin: '1h' });
    const store = storeOfTheDead();
    const id = await begun(processOn(store, START), picky);
    const late = { flows: [picky] };
    const told = await processOn(store, START + 120 * MINUTE, late).engine.explain(id);
    expect(told.sentence).toMatch(
      /engine\.recover\(\) would end it as CRASHED \(RESUME_TOO_LATE: 'picky' was interrupted/,
    );
    expect(told.whatWouldRunAgain).toMatchObject({
      runs: [],
      ended: [{ as: 'CRASHED' }],
      refused: { code: 'RESUME_TOO_LATE' },
    });
    const stranger = await processOn(store, START + 120 * MINUTE).engine.explain(id);
    expect(stranger.whatWouldRunAgain.ended).toEqual([]);
  });
});

describe('explain, of a run that sleeps', () => {
  const nap = flow(async () => runContext().sleep('2h'), { name: 'nap' });
  const doze = task(async () => runContext().sleep('1h'), { name: 'doze' });

  it('says until when, also when its engine was stopped or its process is dead', async () => {
    const store = storeOfTheDead();
    const one = processOn(store, START, { flows: [nap] });
    const id = await begun(one, nap);
    await one.engine.stop();
    const other = processOn(store, START + 30 * MINUTE);
    const told = await other.engine.explain(id);
    expect(told.sentence).toBe(
      "'nap' has been under way for 30m and sleeps until 2026-01-05 04:00:00 UTC (in 1h 30m).",
    );
    expect(told).toMatchObject({
      run: { displayState: 'Sleeping' },
      holder: { kind: 'nobody' },
      whatItWaitsFor: [{ for: 'pause', inputs: [], until: START + 120 * MINUTE }],
    });
    const { leftBehind, lanes } = await other.engine.timeline(id);
    expect(leftBehind).toBe(false);
    expect(lanes[0]?.spans.map(({ phase, open }) => [phase, open])).toEqual([
      ['running', false],
      ['waiting', true],
    ]);
  });

  it('says that it was left behind once its time has come, and is executed again as it stands', async () => {
    const store = storeOfTheDead();
    const one = processOn(store, START, { flows: [nap] });
    const id = await begun(one, nap);
    await one.engine.stop();
    const other = processOn(store, START + 121 * MINUTE, { flows: [nap] });
    const told = await other.engine.explain(id);
    expect(told.sentence).toBe(
      "'nap' is left behind, because the engine that ran it was stopped; engine.recover() would execute nothing below it (0 of 3 recoveries are used).",
    );
    expect(await other.engine.timeline(id)).toMatchObject({ leftBehind: true });
  });

  it('tells of a task that sleeps below it', async () => {
    const f = flow(async () => doze(), { name: 'nightly' });
    const one = bench();
    const id = await begun(one, f);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' has been under way for 0ms and waits for 'doze', which sleeps until 2026-01-05 03:00:00 UTC (in 1h).",
    );
    expect(waits(told)).toEqual(['nightly: children', 'doze: pause']);
  });
});
