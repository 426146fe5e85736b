import { expect, it } from 'vitest';
import { cacheBy, flow, group, task } from '@holdfast/core';
import { bench, durableStore, turns } from '../engine/support.ts';
import { workshop } from '../engine/limits/support.ts';

const LIMITS = { limits: { db: 2, api: { rate: 1, per: '1h' } }, tagLimits: { heavy: 1 } };

it('tells which limits are in the way, and which runs have them, whoever executes those', async () => {
  const shop = workshop();
  const work = shop.work({ limits: ['db'] });
  const store = durableStore();
  const here = bench({ store, ...LIMITS });
  const there = bench({ store, ...LIMITS, clock: here.clock });
  const elsewhere = flow(async () => work.with({ runName: 'orders of elsewhere' })('a'), {
    name: 'e',
  });
  const f = flow(async () => [work.submit('b'), work.submit('c')], { name: 'f' });
  const first = await there.engine.start(elsewhere, []);
  await turns();
  const second = await here.engine.start(f, []);
  await turns();
  const told = await here.engine.explain(second.id);
  expect(told.sentence).toBe(
    "'f' has been under way for 0ms and waits for 'work', which is executing its function (1 more below it has not ended).",
  );
  const waits = told.whatItWaitsFor[2];
  expect(waits).toMatchObject({
    for: 'slot',
    limits: [
      {
        kind: 'limit',
        name: 'db',
        heldBy: [
          { run: { name: 'work', runName: 'orders of elsewhere', state: 'Running' }, slots: 1 },
          { run: { name: 'work' }, slots: 1 },
        ],
      },
    ],
  });
  const own = await here.engine.explain(waits?.run.id ?? second.id);
  expect(own.sentence).toBe(
    "'work' waits for the limit 'db', taken by 'orders of elsewhere' and 'work'.",
  );
  shop.finishAll();
  await here.clock.runUntil(Promise.all([first.result(), second.result()]));
});

it('tells of rates, tags, groups and equal runs in their own words', async () => {
  const shop = workshop();
  const rated = task(async (_n: number) => shop.work({ name: 'long' })('x'), {
    name: 'rated',
    limits: ['api'],
  });
  const heavy = shop.work({ name: 'heavy', tags: ['heavy'] });
  const cached = shop.work({ name: 'cached', cache: cacheBy.inputs });
  const grouped = shop.work({ name: 'grouped' });
  const f = flow(
    async () => {
      const calls = [
        ...[1, 2].map((n) => rated.submit(n)),
        ...['a', 'b'].map((name) => heavy.submit(name)),
        ...['c', 'c'].map((name) => cached.submit(name)),
      ];
      await group('disk', { concurrency: 1 }, () => ['d', 'e'].map((name) => grouped.submit(name)));
      await Promise.all(calls);
    },
    { name: 'f' },
  );
  const one = bench(LIMITS);
  const handle = await one.engine.start(f, []);
  await turns(40);
  const waiting = (await one.engine.below(handle.id)).filter(
    ({ state }) => state.name === 'AwaitingSlot',
  );
  const sentences = await Promise.all(
    waiting.map(async ({ id }) => (await one.engine.explain(id)).sentence),
  );
  expect(sentences).toEqual([
    "'rated' waits for the limit 'api', taken by 'rated'.",
    "'heavy' waits for the limit of the tag 'heavy', taken by 'heavy'.",
    "'cached' waits for the result of an equal run, 'cached'.",
    "'grouped' waits for the limit of the group 'disk'.",
  ]);
  shop.finishAll();
  await one.clock.runUntil(handle.result());
});

it('tells of shares that no run in the store has', async () => {
  const one = bench(LIMITS);
  const work = task(async () => 1, { name: 'work', limits: ['db'] });
  await one.engine.runs();
  const wishes = [{ limit: 'db', capacity: 2, slots: 2 }];
  const terms = { id: 'unknown', wishes, now: one.clock.now(), ttl: 10_000 };
  await one.store.acquirePermits({ ...terms, holder: 'elsewhere' });
  const handle = await one.engine.start(
    flow(async () => work(), { name: 'f' }),
    [],
  );
  await turns();
  const [run] = await one.engine.below(handle.id);
  const told = await one.engine.explain(run?.id ?? handle.id);
  expect(told.sentence).toBe("'work' waits for the limit 'db', taken elsewhere.");
  expect(told.whatItWaitsFor[0]).toMatchObject({
    limits: [{ heldBy: [{ slots: 2, until: one.clock.now() + 10_000 }] }],
  });
  expect(await one.clock.runUntil(handle.result())).toBe(1);
});
