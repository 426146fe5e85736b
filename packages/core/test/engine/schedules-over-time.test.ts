import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  runContext,
  schedule,
  type Engine,
  type EngineOptions,
  type FlowRun,
  type RunStore,
} from '@holdfast/core';
import { crashingRunStore, faultyRunStore, seededRandom, TestClock } from '@holdfast/core/testing';
import { aborted, durableStore, turns } from './support.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5, 2);

let seed = 2000;

function host(store: RunStore, clock: TestClock, options: Partial<EngineOptions>) {
  const engine = createEngine({ random: seededRandom(++seed), ...options, store, clock });
  const warnings: string[] = [];
  engine.events.on('warning', ({ code }) => warnings.push(code));
  return { engine, warnings };
}

/** The runs of a flow, by their times: hour after the start, and state. */
async function runsOf(engine: Engine, name: string): Promise<string[]> {
  const runs = (await engine.runs({ name })) as readonly FlowRun[];
  return runs
    .map(({ scheduled, state }) => ({ at: scheduled?.at ?? NaN, state }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ at, state }) => `${(at - START) / HOUR} ${state.name}`);
}

describe('over crashes', () => {
  it('each occurrence is started once, wherever the process dies', async () => {
    const tick = flow(async () => undefined, { name: 'tick' });
    const schedules = [schedule(tick, { every: '1h' })];
    let crashes = 0;
    for (let commit = 1; ; commit++) {
      let died = false;
      for (const moment of ['before', 'after'] as const) {
        const inner = memoryRunStore();
        const clock = new TestClock(START + 1);
        const store = crashingRunStore(inner, { commit, moment });
        void store.died.then(() => (died = true));
        const first = host(store, clock, { schedules });
        first.engine.serve().catch(() => undefined);
        for (let minute = 0; minute < 150 && !died; minute++) await clock.advance(60_000);
        const second = host(crashingRunStore(inner, undefined), clock, { schedules });
        await second.engine.serve();
        await clock.advance(START + 3.5 * HOUR - clock.now());
        if (died) crashes++;
        expect(await runsOf(second.engine, 'tick')).toEqual(
          [1, 2, 3].map((hour) => `${hour} Completed`),
        );
        expect(second.warnings).toEqual([]);
      }
      if (!died) break;
    }
    expect(crashes).toBeGreaterThan(10);
  }, 60_000);

  it('an occurrence that was queued is started by the next process', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    let broken = true;
    const slow = flow(async () => broken && aborted(runContext().signal), { name: 'slow' });
    const schedules = [schedule(slow, { every: '1h', overlap: 'queue' })];
    const first = host(store, clock, { schedules });
    await first.engine.serve();
    await clock.advance(2 * HOUR);
    expect(await runsOf(first.engine, 'slow')).toEqual(['1 Running']);
    await first.engine.stop();
    broken = false;
    await clock.advance(60_000);
    const second = host(store, clock, { schedules });
    await second.engine.serve();
    await clock.advance(60_000);
    expect(await runsOf(second.engine, 'slow')).toEqual(['1 Completed', '2 Completed']);
    await second.engine.stop();
  });

  it('a pause stays', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const tick = flow(async () => undefined, { name: 'tick' });
    const schedules = [schedule(tick, { every: '1h', catchup: 'all' })];
    const first = host(store, clock, { schedules });
    await first.engine.serve();
    await clock.advance(1);
    await first.engine.schedules.pause('tick');
    await first.engine.stop();
    const second = host(store, clock, { schedules });
    await second.engine.serve();
    await clock.advance(2 * HOUR);
    await second.engine.schedules.resume('tick');
    await clock.advance(HOUR);
    expect(await runsOf(second.engine, 'tick')).toEqual(['3 Completed']);
    await second.engine.stop();
  });
});

describe('times', () => {
  it('that are given come once each, also when one came while nobody was there', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const once = flow(async (name: string) => name, { name: 'once' });
    const at = [1, 2, 5].map((hour) => new Date(START + hour * HOUR));
    const schedules = [schedule(once, { at, args: ['given'] })];
    const first = host(store, clock, { schedules });
    await first.engine.serve();
    await clock.advance(1.5 * HOUR);
    await first.engine.stop();
    clock.jump(START + 3 * HOUR);
    const second = host(store, clock, { schedules });
    await second.engine.serve();
    await clock.advance(9 * HOUR);
    expect(await runsOf(second.engine, 'once')).toEqual(
      [1, 2, 5].map((hour) => `${hour} Completed`),
    );
    const [run] = await second.engine.runs({ name: 'once' });
    expect(run?.state).toMatchObject({ result: { inline: 'given' } });
    expect((await second.engine.schedules.list())[0]).not.toHaveProperty('next');
    await second.engine.stop();
  });

  it.each([
    ['forward', Date.UTC(2026, 2, 28), ['28T01:30', '29T01:00', '30T00:30']],
    ['back', Date.UTC(2026, 9, 24), ['24T00:30', '25T00:30', '26T01:30']],
  ])('by a pattern come once a night where clocks go %s', async (_way, from, expected) => {
    const clock = new TestClock(from);
    const nightly = flow(async () => undefined, { name: 'nightly' });
    const times = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    const { engine } = host(durableStore(), clock, { schedules: [schedule(nightly, times)] });
    await engine.serve();
    await clock.advance(60 * HOUR);
    const runs = (await engine.runs({ name: 'nightly', order: 'oldest' })) as readonly FlowRun[];
    expect(runs.map(({ createdAt }) => new Date(createdAt).toISOString().slice(8, 16))).toEqual(
      expected,
    );
    await engine.stop();
  });
});

describe('of several processes', () => {
  it('the one that began last decides about the times', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const tick = flow(async () => undefined, { name: 'tick' });
    const old = host(store, clock, { schedules: [schedule(tick, { every: '1h' })] });
    await old.engine.serve();
    await clock.advance(1.25 * HOUR);
    const half = { every: '1h', anchor: new Date(START + HOUR / 2) } as const;
    const next = host(store, clock, { schedules: [schedule(tick, half)] });
    await next.engine.serve();
    await clock.advance(2 * HOUR);
    expect(await runsOf(next.engine, 'tick')).toEqual(
      [1, 1.5, 2.5].map((hour) => `${hour} Completed`),
    );
    expect([old.warnings, next.warnings]).toEqual([['SCHEDULE_REPLACED'], []]);
    const [[was], [is]] = [await old.engine.schedules.list(), await next.engine.schedules.list()];
    expect(is).toMatchObject({ next: new Date(START + 3.5 * HOUR) });
    expect(was).not.toHaveProperty('next');
    await Promise.all([old.engine.stop(), next.engine.stop()]);
  });

  it('one that was held up cancels no later run', async () => {
    const clock = new TestClock(START + 1);
    const inner = durableStore();
    const slow = flow(async () => aborted(runContext().signal), { name: 'slow' });
    const schedules = [schedule(slow, { every: '1h', overlap: 'cancelRunning' })];
    // Its second look at what is open is the one for the first occurrence.
    const store = faultyRunStore(inner, [{ call: 'openRuns', nth: 2, does: 'waits' }]);
    const held = host(store, clock, { schedules });
    await held.engine.serve({ recoverEvery: '100h' });
    await clock.advance(HOUR - 1);
    await store.waiting('openRuns');
    const other = host(inner, clock, { schedules });
    await other.engine.serve({ recoverEvery: '100h' });
    await clock.advance(HOUR + 60_000);
    expect((await runsOf(other.engine, 'slow')).at(-1)).toBe('2 Running');
    store.release();
    await turns();
    await clock.advance(60_000);
    expect((await runsOf(other.engine, 'slow')).at(-1)).toBe('2 Running');
    await Promise.all([held.engine.stop(), other.engine.stop()]);
  });
});
