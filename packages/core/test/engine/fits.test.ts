import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryRunStore,
  runContext,
  sleep,
  task,
  type Fitting,
  type RunQuery,
  type RunStore,
} from '@holdfast/core';
import { crashAtEveryStep, crashingRunStore, faultyRunStore } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, type Bench } from './support.ts';

expectNoUnhandledRejections();

const MINUTE = 60_000;

/** A store that counts what is asked of it. */
function counted(): { readonly store: RunStore; readonly queries: RunQuery[] } {
  const inner = durableStore();
  const queries: RunQuery[] = [];
  const runs = (query: RunQuery): ReturnType<RunStore['runs']> => {
    queries.push(query);
    return inner.runs(query);
  };
  return { store: { ...inner, runs }, queries };
}

interface Work {
  readonly minutes: number;
  readonly database: string;
}

/** Takes as long as it is told; its key is what it works on. */
function dumpOf(b: Bench) {
  return task(async ({ minutes }: Work) => sleep(b.clock, minutes * MINUTE), {
    name: 'dump',
    key: ({ database }) => database,
  });
}

/** Lets the past know of dumps that took so many minutes, all of one database. */
async function past(b: Bench, database: string, ...all: number[]): Promise<void> {
  for (const minutes of all) {
    const dump = dumpOf(b);
    await b.clock.runUntil(b.engine.run(flow(() => dump({ minutes, database }), { name: 'past' })));
  }
  // Nothing that was read before is fresh any more.
  await b.clock.advance(2 * MINUTE);
}

/** What a flow with an hour to go is told. */
async function asked(b: Bench, key?: string, name = 'dump'): Promise<Fitting> {
  const f = flow(async () => runContext().fits(name, key), { name: 'asks', deadline: '1h' });
  return b.engine.run(f);
}

describe('runContext().fits()', () => {
  it('holds what nine of ten runs took against what is left', async () => {
    const b = bench();
    await past(b, 'orders', 10, 20, 30, 40, 50, 55, 58, 59, 60, 240);
    expect(await asked(b)).toEqual({
      fits: true,
      usual: 60 * MINUTE,
      samples: 10,
      remaining: 60 * MINUTE,
    });
    await past(b, 'orders', 61);
    expect(await asked(b)).toMatchObject({ fits: false, usual: 61 * MINUTE, samples: 11 });
  });

  it('goes by the runs of a key, where there are enough of them', async () => {
    const b = bench();
    await past(b, 'large', 90, 90, 90);
    await past(b, 'small', 5, 6);
    expect(await asked(b, 'small')).toMatchObject({ fits: false, samples: 5 });
    await past(b, 'small', 7);
    expect(await asked(b, 'small')).toMatchObject({ fits: true, usual: 7 * MINUTE, samples: 3 });
    expect(await asked(b, 'large')).toMatchObject({ fits: false, usual: 90 * MINUTE, samples: 3 });
    expect(await asked(b, 'unheard of')).toMatchObject({ fits: false, samples: 6 });
  });

  it('says yes where nothing is known, or nothing bounds the time', async () => {
    const b = bench();
    expect(await asked(b, undefined, 'nothing')).toEqual({
      fits: true,
      samples: 0,
      remaining: 60 * MINUTE,
    });
    await past(b, 'orders', 600);
    const free = flow(async () => runContext().fits('dump'), { name: 'free' });
    expect(await b.engine.run(free)).toEqual({ fits: true, usual: 600 * MINUTE, samples: 1 });
  });

  it('counts what completed alone, and not what its process had died under', async () => {
    const store = durableStore();
    const b = bench({ store });
    await past(b, 'orders', 10);
    const failing = task(
      async () => sleep(b.clock, 300 * MINUTE).then(() => Promise.reject(new Error('no'))),
      {
        name: 'dump',
      },
    );
    await b.clock.runUntil(
      b.engine.run(flow(() => failing(), { name: 'f' })).catch(() => undefined),
    );
    const [run] = await store.runs({ name: 'dump', states: ['COMPLETED'] });
    expect(run).toBeDefined();
    await b.clock.advance(2 * MINUTE);
    expect(await asked(b)).toMatchObject({ usual: 10 * MINUTE, samples: 1 });
  });

  it('reads the store once a minute for a name, and no more than it needs', async () => {
    const { store, queries } = counted();
    const b = bench({ store });
    await past(b, 'orders', 1);
    const f = flow(
      async () => {
        const context = runContext();
        await Promise.all([context.fits('dump'), context.fits('dump', 'x'), context.fits('dump')]);
        await sleep(b.clock, MINUTE - 1);
        await context.fits('dump', 'y');
        await sleep(b.clock, 1);
        await context.fits('dump');
      },
      { name: 'f', deadline: '1h' },
    );
    await b.clock.runUntil(b.engine.run(f));
    const read = { name: 'dump', states: ['COMPLETED'], limit: 300 };
    expect(queries.filter(({ name }) => name === 'dump')).toEqual([read, read]);
  });

  it('gives a resumed flow the same answer, so that it goes the way it went', async () => {
    let answers = 0;
    const t = task(async () => 1, { name: 't' });
    const f = flow(
      async () => {
        const { fits } = await runContext().fits('t');
        answers++;
        await t();
        // By now there is a run of the past: asked anew, the answer would be another one.
        const again = await runContext().fits('t');
        return [fits, again.fits, answers > 0];
      },
      { name: 'f' },
    );
    const { result, crashes } = await crashAtEveryStep(f);
    expect(result).toEqual([true, true, true]);
    expect(crashes).toBeGreaterThan(4);
    const inner = memoryRunStore();
    const b = bench({ store: crashingRunStore(inner, undefined) });
    await past(b, 'orders', 90);
    const seen: unknown[] = [];
    let interrupted = false;
    const asks = flow(
      async () => {
        seen.push(await runContext().fits('dump'));
        if (interrupted) return;
        interrupted = true;
        await sleep(b.clock, MINUTE, runContext().signal);
      },
      { name: 'asks', deadline: '1h' },
    );
    await b.engine.start(asks, []);
    await b.clock.advance(1);
    await b.engine.stop();
    const two = bench({ store: crashingRunStore(inner, undefined), flows: [asks], clock: b.clock });
    await two.clock.advance(20 * MINUTE);
    const { resumed } = await two.engine.recover();
    await resumed[0]?.result();
    expect(seen).toEqual([seen[0], seen[0]]);
    expect(seen[0]).toMatchObject({ fits: false, remaining: 60 * MINUTE });
  });
});

/** Runs a dump in a flow with an hour to go, after three that took ninety minutes. */
async function short(ifWontFit: 'start' | 'skip' | undefined, store: RunStore = durableStore()) {
  const b = bench({ store });
  const warnings: { code: string; message: string; runId?: string }[] = [];
  b.engine.events.on('warning', (warning) => warnings.push(warning));
  await past(b, 'orders', 90, 90, 90);
  let called = false;
  const dump = task(async (_database: string) => (called = true), {
    name: 'dump',
    key: (database) => database,
    ...(ifWontFit === undefined ? {} : { ifWontFit }),
  });
  const f = flow(async () => (await dump.submit('orders').outcome()).state, {
    name: 'night',
    window: { opens: '01:00', closes: '12:00' },
  });
  b.clock.jump(Date.UTC(2026, 0, 5, 11));
  const handle = await b.engine.start(f, []);
  const state = await b.clock.runUntil(handle.result());
  const [run] = await b.engine.below(handle.id);
  return { b, handle, state, run, called, warnings };
}

const FIGURES =
  "'dump' usually takes 1h 30m (nine of ten of 3 runs), and 1h is left until the window of 'night' closes";

describe('work that will not fit', () => {
  it('is started all the same, and warned of with both figures', async () => {
    const { state, called, warnings, run } = await short(undefined);
    expect([state, called]).toEqual(['COMPLETED', true]);
    expect(warnings).toEqual([{ code: 'WONT_FIT', message: `${FIGURES}.`, runId: run?.id }]);
  });

  it('is skipped where it says so, with both figures', async () => {
    const { state, called, warnings, b, handle, run } = await short('skip');
    expect([state, called, warnings]).toEqual(['SKIPPED', false, []]);
    expect(run?.state).toEqual({ type: 'SKIPPED', name: 'WontFit', reason: FIGURES });
    expect((await b.engine.explain(run?.id as never)).sentence).toBe(
      `'dump' was skipped: ${FIGURES}; a retry would execute it again.`,
    );
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED', failedTasks: 1 });
  });

  it('fits where the past cannot be read', async () => {
    const inner = durableStore();
    // The first read is that of the flow's own past.
    const store = faultyRunStore(inner, [{ call: 'runs', nth: 2, does: 'fails' }]);
    const { state, called, warnings } = await short('skip', store);
    expect([state, called, warnings]).toEqual(['COMPLETED', true, []]);
  });

  it('is looked at before the first attempt alone', async () => {
    const b = bench();
    await past(b, 'orders', 25, 25, 25);
    const dump = task(
      async () => {
        await sleep(b.clock, 10 * MINUTE);
        if (runContext().attempt === 1) throw new Error('again');
        return 'done';
      },
      { name: 'dump', retries: 1, deadline: '30m', ifWontFit: 'skip' },
    );
    expect(await b.clock.runUntil(b.engine.run(flow(() => dump(), { name: 'f' })))).toBe('done');
  });

  it('may be a flow', async () => {
    const b = bench();
    const f = flow(async () => sleep(b.clock, 50 * MINUTE), { name: 'f', ifWontFit: 'skip' });
    await b.clock.runUntil(b.engine.run(f));
    await b.clock.advance(2 * MINUTE);
    const late = await b.engine.start(f.with({ deadline: '40m' }), []);
    expect(await late.outcome()).toMatchObject({
      state: 'SKIPPED',
      error: { code: 'SKIPPED', context: { name: 'WontFit' } },
    });
    const early = await b.engine.start(f.with({ deadline: '50m' }), []);
    expect(await b.clock.runUntil(early.outcome())).toMatchObject({ state: 'COMPLETED' });
  });

  it('reads nothing where nothing bounds the time', async () => {
    const { store, queries } = counted();
    const engine = createEngine({ store });
    const t = task(async () => 1, { name: 't', ifWontFit: 'skip' });
    await engine.run(flow(() => t(), { name: 'f' }));
    expect(queries).toEqual([]);
    await engine.stop();
  });
});
