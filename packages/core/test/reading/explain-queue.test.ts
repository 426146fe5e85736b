import { expect, it } from 'vitest';
import { flow } from '@holdfast/core';
import { bench } from '../engine/support.ts';
import { MINUTE } from './support.ts';

const f = flow(async () => 1, { name: 'dump-all' });

it('explain tells on which queue a run waits, since when, and from when on', async () => {
  const { engine, clock } = bench({ flows: [f] });
  const now = await engine.enqueue(f, [], { queue: 'dumps' });
  const at = new Date(clock.now() + 10 * MINUTE);
  const later = await engine.enqueue(f, [], { queue: 'dumps', at });
  await clock.advance(3 * MINUTE);
  const [told, dueLater] = [await engine.explain(now.id), await engine.explain(later.id)];
  expect(told.whatItWaitsFor).toMatchObject([{ for: 'queue', queue: 'dumps' }]);
  expect(told.holder).toBeUndefined();
  expect(told.sentence).toBe(
    "'dump-all' waits for a worker on the queue 'dumps' since 2026-01-05 02:00:00 UTC (3m ago).",
  );
  expect(dueLater.sentence).toBe(
    "'dump-all' waits for a worker on the queue 'dumps', to start at 2026-01-05 02:10:00 UTC (in 7m).",
  );
});

it('explain tells of a run whose engine was stopped that it waits for the next worker', async () => {
  const { engine, clock, store } = bench({ flows: [f] });
  const hangs = flow(async () => new Promise(() => undefined), { name: 'dump-all', grace: 0 });
  const handle = await engine.enqueue(f, []);
  const other = bench({ store, clock, flows: [hangs] });
  await other.engine.work();
  await clock.advance(MINUTE);
  await clock.runUntil(other.engine.stop());
  const { whatItWaitsFor } = await engine.explain(handle.id);
  expect(whatItWaitsFor).toMatchObject([{ for: 'queue', queue: 'default' }]);
});
