import { describe, expect, it } from 'vitest';
import {
  createEngine,
  flow,
  runContext,
  type PruneRequest,
  type RetentionOptions,
} from '@holdfast/core';
import {
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
  type Bench,
} from './support.ts';

expectNoUnhandledRejections();

const DAY = 86_400_000;
const plain = flow(async (name: string) => name, { name: 'plain' });
const failing = flow(async () => Promise.reject(new Error('no')), { name: 'failing' });

async function left({ engine }: Bench): Promise<string[]> {
  const runs = await engine.runs({ topLevel: true, order: 'oldest', limit: 1000 });
  // Those of one millisecond are in no order.
  return runs.map((run) => (run.kind === 'flow' ? JSON.stringify(run.inputs) : '')).toSorted();
}

/** A store that notes what it is asked to forget. */
function noting() {
  const store = durableStore();
  const asked: PruneRequest[] = [];
  const prune = store.prune.bind(store);
  store.prune = (request) => {
    asked.push(request);
    return prune(request);
  };
  return { store, asked };
}

/** An engine that serves, so many days after two runs completed and one failed. */
async function serving(retention: RetentionOptions, days: number) {
  const { store, asked } = noting();
  const b = bench({ store, retention });
  await b.engine.run(plain, ['a']);
  await b.engine.run(failing).catch(() => undefined);
  await b.engine.run(plain, ['b']);
  b.clock.jump(b.clock.now() + days * DAY + 1);
  await b.engine.serve();
  await b.clock.advance(1);
  return { ...b, asked };
}

/** Four runs, a day apart; the last one failed a day ago. */
async function history() {
  const b = bench();
  for (const name of ['a', 'b', 'c']) {
    await b.engine.run(plain, [name]);
    b.clock.jump(b.clock.now() + DAY);
  }
  await b.engine.run(failing).catch(() => undefined);
  b.clock.jump(b.clock.now() + DAY);
  return b;
}

describe('the retention of an engine that serves', () => {
  it('forgets what ended 90 days ago, now and every hour', async () => {
    const b = bench();
    await b.engine.run(plain, ['old']);
    b.clock.jump(b.clock.now() + 1800 * 1000);
    await b.engine.run(plain, ['younger']);
    b.clock.jump(b.clock.now() + 90 * DAY - 1799 * 1000);
    await b.engine.serve();
    await b.clock.advance(0);
    expect(await left(b)).toEqual(['["younger"]']);
    await b.clock.advance(3_599_000);
    expect(await left(b)).toEqual(['["younger"]']);
    await b.clock.advance(1000);
    expect(await left(b)).toEqual([]);
    await b.engine.stop();
  });

  it('forgets nothing before it serves', async () => {
    const { store, asked } = noting();
    const b = bench({ store });
    await b.engine.run(plain, ['old']);
    b.clock.jump(b.clock.now() + 1000 * DAY);
    await b.engine.recover();
    await b.clock.advance(DAY);
    expect(asked).toEqual([]);
  });

  it('keeps for as long as it is told', async () => {
    expect(await left(await serving({ keep: '10d' }, 10))).toEqual([]);
    expect(await left(await serving({ keep: '11d' }, 10))).toHaveLength(3);
    expect(await left(await serving({ keep: 'forever' }, 9999))).toHaveLength(3);
  });

  it('keeps runs longer, or less long, by the state they ended in', async () => {
    const longer = { keep: '10d', states: { FAILED: '1000d', COMPLETED: 'forever' } };
    expect(await left(await serving({ ...longer, states: { FAILED: '1000d' } }, 10))).toEqual([
      '[]',
    ]);
    expect(await left(await serving(longer, 1000))).toEqual(['["a"]', '["b"]']);
  });

  it('looks again as often as it is told', async () => {
    const b = await serving({ keep: '10d', states: { FAILED: '11d' }, every: '2d' }, 10);
    expect(await left(b)).toEqual(['[]']);
    await b.clock.advance(2 * DAY - 2);
    expect(await left(b)).toEqual(['[]']);
    await b.clock.advance(2);
    expect(await left(b)).toEqual([]);
  });

  it('goes by batches, and asks once for the states of one span', async () => {
    const { asked } = await serving({ keep: '1d', batch: 2, states: { SKIPPED: '2d' } }, 5);
    const ended = ['COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED'];
    expect(asked.map(({ limit, states }) => [limit, states])).toEqual([
      [2, ended],
      [2, ended],
      [2, ['SKIPPED']],
    ]);
  });

  it('has the store forget expired results also where runs are kept for ever', async () => {
    const { asked, clock } = await serving({ keep: 'forever' }, 5);
    expect(asked).toMatchObject([{ endedBefore: 0, now: clock.now() - 1 }]);
  });

  it('goes on after a failure, and stops with the engine', async () => {
    const { store, asked } = noting();
    const b = bench({ store, retention: { keep: '1d', batch: 1 } });
    for (const name of ['a', 'b', 'c']) await b.engine.run(plain, [name]);
    b.clock.jump(b.clock.now() + 5 * DAY);
    const { prune } = store;
    store.prune = () => Promise.reject(new Error('busy'));
    await b.engine.serve();
    await b.clock.advance(1);
    expect(await left(b)).toHaveLength(3);
    const [reached, open] = [gate(), gate()];
    store.prune = async (request) => {
      reached.open();
      await open.opened;
      return prune(request);
    };
    await b.clock.advance(3_600_000);
    await reached.opened;
    const stopped = b.engine.stop();
    await turns();
    open.open();
    await stopped;
    expect(asked).toHaveLength(1);
  });

  it.each<RetentionOptions>([
    { keep: 'ever' },
    { keep: -1 },
    { states: { RUNNING: '1d' } as never },
    { states: { FAILED: 'x' } },
    { every: 0 },
    { batch: 0 },
    { batch: 1.5 },
  ])('is refused where it makes no sense: %j', (retention) => {
    const codes = expect.stringMatching(/^(OPTIONS|DURATION)_INVALID$/) as string;
    const wrong = (): unknown => createEngine({ store: durableStore(), retention });
    expect(wrong).toThrow(expect.objectContaining({ code: codes }));
  });
});

describe('prune', () => {
  it('forgets what ended before a time, or longer ago than a span', async () => {
    const b = await history();
    const endedBefore = new Date(b.clock.now() - 3 * DAY);
    expect(await b.engine.prune({ endedBefore })).toEqual({ roots: 1, runs: 1, objects: 0 });
    expect(await left(b)).toEqual(['["b"]', '["c"]', '[]']);
    expect(await b.engine.prune({ olderThan: '2d' })).toMatchObject({ roots: 1 });
    expect(await left(b)).toEqual(['["c"]', '[]']);
  });

  it('forgets those of a flow, in a state, and no more than so many', async () => {
    const named = await history();
    expect(await named.engine.prune({ olderThan: 0, name: 'plain' })).toMatchObject({ roots: 3 });
    expect(await left(named)).toEqual(['[]']);
    const failed = await history();
    await failed.engine.prune({ olderThan: 0, states: ['FAILED', 'CRASHED'] });
    expect(await left(failed)).toHaveLength(3);
    const few = await history();
    expect(await few.engine.prune({ olderThan: 0, limit: 3 })).toMatchObject({ roots: 3 });
    expect(await left(few)).toEqual(['[]']);
  });

  it('leaves alone what runs, and what has hooks that are due', async () => {
    const open = gate();
    const slow = flow(async () => open.opened, { name: 'slow' });
    const told = gate();
    const hooked = flow(async () => 1, { name: 'hooked', onSuccess: () => told.opened });
    const b = bench();
    const handles = [await b.engine.start(slow, []), await b.engine.start(hooked, [])];
    await turns();
    b.clock.jump(b.clock.now() + 1000 * DAY);
    expect(await b.engine.prune({ olderThan: 0 })).toMatchObject({ roots: 0 });
    open.open();
    told.open();
    await Promise.all(handles.map((handle) => handle.result()));
    b.clock.jump(b.clock.now() + 1);
    expect(await b.engine.prune({ olderThan: 0 })).toMatchObject({ roots: 2 });
  });

  it('forgets what is below a run, its lines and artifacts, and its idempotency key', async () => {
    const f = flow(
      async () => {
        const { artifact, logger } = runContext();
        logger.info('here');
        await artifact('k', { kind: 'markdown', markdown: '#' });
        return plain('inner');
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, [], { idempotencyKey: 'once' });
    await handle.result();
    b.clock.jump(b.clock.now() + 1);
    expect(await b.engine.prune({ olderThan: 0 })).toMatchObject({ roots: 1, runs: 2 });
    await expect(b.engine.logs(handle.id)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect(await b.store.logs({ rootId: handle.id })).toEqual([]);
    expect(await b.store.artifacts(handle.id)).toEqual([]);
    const again = await b.engine.start(f, [], { idempotencyKey: 'once' });
    expect(again.id).not.toBe(handle.id);
    await again.result();
  });

  it.each([
    {},
    { endedBefore: new Date(Number.NaN) },
    { endedBefore: 5 as never },
    { endedBefore: new Date(0), olderThan: '1d' },
    { olderThan: '1d', states: ['RUNNING'] as never },
    { olderThan: '1d', limit: 0 },
  ])('is refused where it does not say what: %j', async (options) => {
    await expect(bench().engine.prune(options)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});
