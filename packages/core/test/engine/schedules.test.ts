import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  runContext,
  schedule,
  type Engine,
  type EngineOptions,
  type FlowRun,
  type RunStore,
} from '@holdfast/core';
import { seededRandom, TestClock } from '@holdfast/core/testing';
import { aborted, durableStore, gate } from './support.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5, 2);

interface Host {
  readonly engine: Engine;
  readonly warnings: string[];
}

let seed = 1000;

function host(store: RunStore, clock: TestClock, options: Partial<EngineOptions>): Host {
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

describe('a schedule', () => {
  it('runs its flow at each of its times, with arguments made for it', async () => {
    const clock = new TestClock(START + 1);
    const backup = flow(async (day: string) => day, { name: 'backup' });
    const daily = schedule(backup, {
      cron: '0 4 * * *',
      timeZone: 'Europe/Berlin',
      args: (at) => [at.toISOString().slice(0, 13)],
    });
    const { engine } = host(durableStore(), clock, { schedules: [daily] });
    await engine.serve();
    await clock.advance(49 * HOUR);
    const runs = await engine.runs({ name: 'backup', order: 'oldest' });
    const results = runs.map(({ state }) => state.type === 'COMPLETED' && state.result);
    expect(results).toEqual(
      ['2026-01-05T03', '2026-01-06T03', '2026-01-07T03'].map((inline) => ({ inline })),
    );
    expect(await runsOf(engine, 'backup')).toEqual(['1 Completed', '25 Completed', '49 Completed']);
    await engine.stop();
  });

  it('starts nothing before serve(), and nothing after stop()', async () => {
    const clock = new TestClock(START + 1);
    const tick = flow(async () => undefined, { name: 'tick' });
    const store = durableStore();
    const first = host(store, clock, { schedules: [schedule(tick, { every: '1h' })] });
    await clock.advance(5 * HOUR);
    expect(await first.engine.runs()).toEqual([]);
    await first.engine.serve();
    await clock.advance(HOUR);
    await first.engine.stop();
    await clock.advance(5 * HOUR);
    const reader = host(store, clock, {});
    expect(await runsOf(reader.engine, 'tick')).toEqual(['6 Completed']);
  });

  it('is fired once by several processes on one store', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    let executed = 0;
    const tick = flow(async () => void executed++, { name: 'tick' });
    const hosts = [0, 1, 2].map(() =>
      host(store, clock, {
        schedules: [schedule(tick, { every: '1h', overlap: 'cancelRunning' })],
      }),
    );
    await Promise.all(hosts.map(({ engine }) => engine.serve()));
    await clock.advance(5 * HOUR);
    expect(executed).toBe(5);
    expect(hosts.flatMap(({ warnings }) => warnings)).toEqual([]);
    const [one] = hosts as [Host];
    expect(await runsOf(one.engine, 'tick')).toEqual(
      [1, 2, 3, 4, 5].map((hour) => `${hour} Completed`),
    );
    await Promise.all(hosts.map(({ engine }) => engine.stop()));
  });

  it.each([
    ['none', ['8 Completed'], ['SCHEDULE_MISSED']],
    ['latest', ['7 Completed', '8 Completed'], ['SCHEDULE_MISSED']],
    ['all', [1, 2, 3, 4, 5, 6, 7, 8].map((hour) => `${hour} Completed`), []],
  ] as const)(
    'with catchup %s deals with what nobody was there for',
    async (catchup, runs, told) => {
      const clock = new TestClock(START + 1);
      const store = durableStore();
      const tick = flow(async () => undefined, { name: 'tick' });
      const schedules = [schedule(tick, { every: '1h', catchup })];
      const before = host(store, clock, { schedules });
      await before.engine.serve();
      await before.engine.stop();
      clock.jump(START + 7.5 * HOUR);
      const after = host(store, clock, { schedules });
      await after.engine.serve();
      await clock.advance(HOUR);
      expect(await runsOf(after.engine, 'tick')).toEqual(runs);
      expect(after.warnings).toEqual(told);
      await after.engine.stop();
    },
  );

  it('gives up what is later than maxLateness', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const tick = flow(async () => undefined, { name: 'tick' });
    const schedules = [schedule(tick, { every: '1h', catchup: 'all', maxLateness: '2h' })];
    const before = host(store, clock, { schedules });
    await before.engine.serve();
    await before.engine.stop();
    clock.jump(START + 5.5 * HOUR);
    const after = host(store, clock, { schedules });
    await after.engine.serve();
    await clock.advance(1);
    expect(await runsOf(after.engine, 'tick')).toEqual(['4 Completed', '5 Completed']);
    await after.engine.stop();
  });

  it('fires nothing again when the clock jumps back', async () => {
    const clock = new TestClock(START + 1);
    const tick = flow(async () => undefined, { name: 'tick' });
    const { engine } = host(durableStore(), clock, {
      schedules: [schedule(tick, { every: '1h' })],
    });
    await engine.serve();
    await clock.advance(2 * HOUR);
    clock.jump(START + 1);
    await clock.advance(3 * HOUR);
    expect(await runsOf(engine, 'tick')).toEqual(['1 Completed', '2 Completed', '3 Completed']);
    await engine.stop();
  });
});

async function overlapping(overlap: 'skip' | 'queue' | 'cancelRunning'): Promise<string[]> {
  const clock = new TestClock(START + 1);
  const first = gate();
  const slow = flow(
    async () => {
      await Promise.race([first.opened, aborted(runContext().signal)]);
      runContext().signal.throwIfAborted();
    },
    { name: 'slow' },
  );
  const schedules = [schedule(slow, { every: '1h', overlap })];
  const { engine } = host(durableStore(), clock, { schedules });
  await engine.serve();
  await clock.advance(2.5 * HOUR);
  first.open();
  await clock.advance(0.25 * HOUR);
  const runs = await runsOf(engine, 'slow');
  await engine.stop();
  return runs;
}

describe('while the run before goes on', () => {
  it('the next one is skipped, and the record says so', async () => {
    expect(await overlapping('skip')).toEqual(['1 Completed', '2 Overlap']);
  });

  it('the next one waits for its end', async () => {
    expect(await overlapping('queue')).toEqual(['1 Completed', '2 Completed']);
  });

  it('the next one takes its place', async () => {
    expect(await overlapping('cancelRunning')).toEqual(['1 Cancelled', '2 Completed']);
  });
});

describe('schedules are looked after', () => {
  it('from outside: listed, paused, resumed', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const tick = flow(async () => undefined, { name: 'tick' });
    const { engine } = host(store, clock, { schedules: [schedule(tick, { every: '1h' })] });
    await engine.serve();
    await clock.advance(1);
    expect(await engine.schedules.list()).toMatchObject([
      { name: 'tick', flow: 'tick', paused: false, next: new Date(START + HOUR) },
    ]);
    const other = host(store, clock, {}).engine;
    await other.schedules.pause('tick');
    await clock.advance(3 * HOUR);
    expect(await engine.runs()).toEqual([]);
    expect((await engine.schedules.list())[0]).not.toHaveProperty('next');
    await other.schedules.resume('tick');
    await clock.advance(HOUR);
    expect(await runsOf(engine, 'tick')).toEqual(['4 Completed']);
    await expect(engine.schedules.pause('tock')).rejects.toMatchObject({
      code: 'SCHEDULE_UNKNOWN',
    });
    await engine.stop();
  });

  it('a change of its times begins anew', async () => {
    const clock = new TestClock(START + 1);
    const store = durableStore();
    const tick = flow(async () => undefined, { name: 'tick' });
    const yearly = host(store, clock, { schedules: [schedule(tick, { cron: '0 0 1 1 *' })] });
    await yearly.engine.serve();
    await yearly.engine.stop();
    clock.jump(START + 50 * HOUR);
    const options = { every: '1h', catchup: 'all' } as const;
    const hourly = host(store, clock, { schedules: [schedule(tick, options)] });
    await hourly.engine.serve();
    await clock.advance(HOUR);
    expect(await runsOf(hourly.engine, 'tick')).toEqual(['51 Completed']);
    await hourly.engine.stop();
  });

  it('a run that cannot be started is told of, and the next one comes', async () => {
    const clock = new TestClock(START + 1);
    const tick = flow(async (n: number) => n, { name: 'tick' });
    const args = (at: Date): [number] => {
      if (at.getUTCHours() === 3) throw new Error('no arguments');
      return [at.getUTCHours()];
    };
    const schedules = [schedule(tick, { every: '1h', args })];
    const { engine, warnings } = host(durableStore(), clock, { schedules });
    await engine.serve();
    await clock.advance(2 * HOUR);
    expect(warnings).toEqual(['SCHEDULE_NOT_STARTED']);
    expect(await runsOf(engine, 'tick')).toEqual(['2 Completed']);
    await engine.stop();
  });

  it('names are told apart, options are checked', () => {
    const tick = flow(async () => undefined, { name: 'tick' });
    const one = schedule(tick, { every: '1h' });
    const two = schedule(tick, { every: '2h' });
    const refused = (make: () => unknown): void => {
      expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
    };
    refused(() => createEngine({ store: durableStore(), schedules: [one, two] }));
    refused(() =>
      createEngine({ store: durableStore(), schedules: [{ name: 'x', flowName: 'y' }] }),
    );
    refused(() => schedule(tick, { every: '1h', catchup: 'some' as never }));
    refused(() => schedule(tick, { every: '1h', overlap: 'run' as never }));
    refused(() => schedule(tick, { every: '1h', args: 'x' as never }));
    refused(() => schedule(tick, { every: '1h', name: '' }));
    refused(() => schedule(tick, { every: '1h', window: 'x' } as never));
    refused(() => schedule(async () => undefined, { every: '1h' }));
  });
});

describe('an engine that serves', () => {
  it('takes up what another process left, now and later', async () => {
    const clock = new TestClock(START);
    const store = durableStore();
    let attempts = 0;
    const work = flow(
      async () => {
        if (++attempts === 1) await aborted(runContext().signal);
      },
      { name: 'work' },
    );
    const first = host(store, clock, {});
    const handle = await first.engine.start(work, []);
    const second = host(store, clock, { flows: [work] });
    expect(await second.engine.serve({ recoverEvery: '10s' })).toMatchObject({
      heldElsewhere: [handle.id],
    });
    await first.engine.stop();
    await clock.advance(10_000);
    expect((await second.engine.runs())[0]?.state.name).toBe('Completed');
    await second.engine.stop();
  });
});
