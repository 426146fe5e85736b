import { describe, expect, it } from 'vitest';
import { flow, memoryObjectStore, task, type ObjectStore } from '@holdfast/core';
import { crashingRunStore, faultyObjectStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from './support.ts';

expectNoUnhandledRejections();

const DAY = 86_400_000;
const HOUR = 3_600_000;

const big = task(async (n: number) => 'x'.repeat(n), { name: 'big' });
const f = flow(async (n: number) => (await big(n)).length, { name: 'f' });
const weekly = flow(async (n: number) => (await big(n)).length, { name: 'weekly' });

async function keysIn(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) keys.push(key);
  return keys;
}

function setting() {
  const clock = new TestClock();
  const objects = memoryObjectStore({ clock });
  return { clock, objects, results: { store: objects, inlineUpTo: 100 } };
}

describe('results in an object store', () => {
  it('are removed with the run that they belong to', async () => {
    const { clock, objects, results } = setting();
    const b = bench({ clock, results });
    const kept = await b.engine.start(weekly, [500]);
    await kept.result();
    await b.engine.run(f, [500]);
    await b.engine.run(f, [600]);
    await objects.put('other/x', Buffer.from('x'));
    clock.jump(clock.now() + 1);
    const report = await b.engine.prune({ olderThan: 0, name: 'f' });
    expect(report).toEqual({ roots: 2, runs: 4, objects: 2 });
    const keys = await keysIn(objects);
    expect(keys.map((key) => key.split('/').slice(0, 2).join('/'))).toEqual([
      'other/x',
      `results/${kept.id}`,
    ]);
    expect(await (await b.engine.find(kept.id)).result()).toBe(500);
  });

  it('are removed by the retention, too', async () => {
    const { clock, objects, results } = setting();
    const b = bench({ clock, results, retention: { keep: '1d' } });
    await b.engine.run(f, [500]);
    clock.jump(clock.now() + 2 * DAY);
    await b.engine.serve();
    await clock.advance(1);
    expect(await keysIn(objects)).toEqual([]);
    await b.engine.stop();
  });

  it('that cannot be removed are told of, and left to a sweep', async () => {
    const { clock, objects, results } = setting();
    const store = faultyObjectStore(objects, [{ fault: 'fail', on: 'delete' }]);
    const b = bench({ clock, results: { ...results, store } });
    const codes: string[] = [];
    b.engine.events.on('warning', ({ code }) => codes.push(code));
    await b.engine.run(f, [500]);
    await b.engine.run(f, [600]);
    clock.jump(clock.now() + 2 * DAY);
    const report = await b.engine.prune({ olderThan: 0 });
    expect(report).toEqual({ roots: 2, runs: 4, objects: 1 });
    expect(codes).toEqual(['RESULTS_LEFT']);
    expect(await keysIn(objects)).toHaveLength(1);
    expect(await b.engine.sweepResults()).toEqual({ objects: 1, bytes: 502 });
    expect(await keysIn(objects)).toEqual([]);
  });
});

describe('sweepResults', () => {
  it('removes what a crash has left between the put and the outcome, when it is a day old', async () => {
    const { clock, objects, results } = setting();
    const inner = durableStore();
    // Commits: the flow, its start, the task with its start, the task's outcome.
    const dying = crashingRunStore(inner, { commit: 4, moment: 'before' });
    const one = bench({ store: dying, clock, results });
    void one.engine.start(f, [500]);
    await dying.died;
    expect(await keysIn(objects)).toHaveLength(1);
    clock.jump(clock.now() + HOUR);
    const two = bench({ store: inner, clock, results, flows: [f] });
    const { resumed } = await two.engine.recover();
    expect(await clock.runUntil(resumed[0]!.result())).toBe(500);
    const [orphan, used] = await keysIn(objects);
    expect(await two.engine.sweepResults()).toEqual({ objects: 0, bytes: 0 });
    clock.jump(clock.now() + DAY);
    expect(await two.engine.sweepResults()).toEqual({ objects: 1, bytes: 502 });
    expect(await keysIn(objects)).toEqual([used]);
    expect(orphan).not.toBe(used);
    expect(await (await two.engine.find(resumed[0]!.id)).result()).toBe(500);
  });

  it('leaves alone what belongs to a run, of whatever generation, and what is none of its own', async () => {
    const { clock, objects, results } = setting();
    let fails = true;
    const text = flow(async () => 'x'.repeat(500), { name: 'text' });
    const parent = flow(
      async () => {
        const { length } = await text();
        if (fails) throw new Error('no');
        return 'y'.repeat(length);
      },
      { name: 'parent' },
    );
    const b = bench({ clock, results, flows: [parent] });
    const handle = await b.engine.start(parent, []);
    await handle.outcome();
    fails = false;
    await (await b.engine.retry(handle.id)).result();
    await (await b.engine.retry(handle.id)).result();
    const foreign = ['results/readme.txt', `results/${handle.id}/notes.txt`, 'elsewhere'];
    for (const key of foreign) await objects.put(key, Buffer.from('x'));
    const before = await keysIn(objects);
    expect(before).toHaveLength(6);
    clock.jump(clock.now() + 2 * DAY);
    expect(await b.engine.sweepResults()).toEqual({ objects: 0, bytes: 0 });
    expect(await keysIn(objects)).toEqual(before);
  });

  it('leaves alone what belongs to a run that has not ended', async () => {
    const { clock, objects, results } = setting();
    const inner = durableStore();
    const dying = crashingRunStore(inner, { commit: 4, moment: 'before' });
    const one = bench({ store: dying, clock, results });
    void one.engine.start(f, [500]);
    await dying.died;
    clock.jump(clock.now() + 2 * DAY);
    const two = bench({ store: inner, clock, results });
    expect(await two.engine.sweepResults()).toEqual({ objects: 0, bytes: 0 });
    expect(await keysIn(objects)).toHaveLength(1);
  });

  it('takes another age from an hour on', async () => {
    const { clock, objects, results } = setting();
    const b = bench({ clock, results });
    await b.engine.run(f, [500]);
    const elsewhere = bench({ clock, results });
    clock.jump(clock.now() + HOUR);
    expect(await elsewhere.engine.sweepResults({ olderThan: '1h' })).toMatchObject({ objects: 0 });
    clock.jump(clock.now() + 1);
    expect(await elsewhere.engine.sweepResults({ olderThan: '1h' })).toMatchObject({ objects: 1 });
    expect(await keysIn(objects)).toEqual([]);
    const less = elsewhere.engine.sweepResults({ olderThan: '59m' });
    await expect(less).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
  });

  it('needs an object store', async () => {
    await expect(bench().engine.sweepResults()).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    await turns(1);
  });
});
