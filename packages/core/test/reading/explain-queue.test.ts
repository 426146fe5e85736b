import { expect, it } from 'vitest';
import { flow, memoryRunStore, task } from '@holdfast/core';
import { aborted, bench, turns } from '../engine/support.ts';
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
    "'dump-all' waits for a worker on the queue 'dumps' since 2026-01-05 02:00:00 UTC (3m ago), and nobody is seen to work on it.",
  );
  expect(dueLater.sentence).toBe(
    "'dump-all' waits for a worker on the queue 'dumps', to start at 2026-01-05 02:10:00 UTC (in 7m), and nobody is seen to work on it.",
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

const t = task(async () => 1, { name: 'render', queue: 'gpu' });
const publish = flow(async () => t(), { name: 'publish' });

it('explain tells on which queue a task waits, and whether anybody is known to work on it', async () => {
  const { engine, clock } = bench({ store: memoryRunStore(), flows: [publish] });
  const handle = await engine.start(publish, []);
  await turns(60);
  await clock.advance(MINUTE);
  const told = await engine.explain(handle.id);
  const [, waiting] = told.whatItWaitsFor;
  expect(waiting).toMatchObject({ for: 'queue', queue: 'gpu', workers: 'none' });
  expect(told.sentence).toContain(
    "waits for 'render', which waits for a worker on the queue 'gpu' since 2026-01-05 02:00:00 UTC (1m ago), and nobody works on it",
  );
  expect(await engine.mermaid(handle.id)).toContain('["render<br/>Late · queue gpu"]');
  await engine.work({ queues: ['gpu'], concurrency: 1 });
  expect(await clock.runUntil(handle.result())).toBe(1);
  const [, lane] = (await engine.timeline(handle.id)).lanes;
  expect(lane?.spans.map(({ phase }) => phase)).toEqual(['waiting', 'running']);
});

it('explain sees by their claims who works on a queue, and that the worker of a task is gone', async () => {
  const { engine, clock, store } = bench({ flows: [publish] });
  const hangs = task(
    async () => {
      await aborted(new AbortController().signal);
    },
    { name: 'render', queue: 'gpu' },
  );
  const one = await engine.start(publish, []);
  await turns(60);
  await bench({ store, tasks: [hangs] }).engine.work({ queues: ['gpu'], concurrency: 1 });
  await turns(60);
  const two = await engine.start(publish, []);
  await turns(60);
  const [, running] = (await engine.explain(one.id)).whatItWaitsFor;
  expect(running).toMatchObject({ for: 'function', attempt: 1 });
  const [, waiting] = (await engine.explain(two.id)).whatItWaitsFor;
  expect(waiting).toMatchObject({ for: 'queue', workers: 'others' });
  await clock.advance(10 * MINUTE);
  const left = await engine.explain(one.id);
  expect(left.whatItWaitsFor[1]).toMatchObject({ for: 'recovery', holder: { expired: true } });
  expect(left.whatWouldRunAgain.runs.map(({ name }) => name)).toEqual(['publish']);
});
