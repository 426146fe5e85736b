import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type Engine, type RunStore } from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from '../support.ts';
import { workers } from '../workers.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

/** Several engines on one store and one clock: those who make runs, and those who execute them. */
function machines(store: RunStore = durableStore()) {
  const clock = new TestClock();
  const machine = (...flows: object[]): Engine => bench({ store, clock, flows }).engine;
  return { store, clock, machine };
}

const plus = task(async (a: number, b: number) => a + b, { name: 'plus' });
const sum = flow(async (a: number, b: number) => plus(a, b), { name: 'sum' });

describe('a run on a queue', () => {
  it('waits, and is executed by the engine that works on its queue', async () => {
    const { clock, machine, store } = machines();
    const app = machine();
    const handle = await app.enqueue(sum, [1, 2]);
    await clock.advance(HOUR);
    const made = await handle.run();
    expect(made).toMatchObject({ queue: 'default', attempts: 0, tags: [] });
    expect(made.state).toMatchObject({ type: 'SCHEDULED', name: 'Scheduled' });
    expect(await store.openRuns()).toEqual([]);
    const worker = machine(sum);
    await worker.work();
    expect(await clock.runUntil(handle.result())).toBe(3);
    expect((await handle.run()).attempts).toBe(1);
    const history = await app.history(handle.id);
    expect(history.map(({ state }) => state.name)).toEqual([
      'Pending',
      'Scheduled',
      'Running',
      'Completed',
    ]);
  });

  it('wakes a worker that waits, and its end whoever waits for it', async () => {
    const { clock, machine } = machines();
    const worker = machine(sum);
    await worker.work();
    await turns();
    const before = clock.now();
    const handle = await machine().enqueue(sum, [1, 2]);
    const result = handle.result();
    await turns(60);
    expect(await result).toBe(3);
    expect(clock.now()).toBe(before);
  });

  it('goes to the queue that is named, where those who work on others leave it', async () => {
    const { clock, machine } = machines();
    const other = machine(sum);
    await other.work({ queues: ['a', 'default'] });
    const app = machine(sum);
    const handle = await app.enqueue(sum, [1, 2], { queue: 'b' });
    await clock.advance(HOUR);
    expect((await app.recover()).heldElsewhere).toEqual([]);
    expect((await handle.state()).type).toBe('SCHEDULED');
    await machine(sum).work({ queues: ['b'] });
    expect(await clock.runUntil(handle.result())).toBe(3);
  });

  it('is not started before its time', async () => {
    const { clock, machine } = machines();
    await machine(sum).work();
    const at = new Date(clock.now() + HOUR);
    const handle = await machine().enqueue(sum, [1, 2], { at });
    await clock.advance(HOUR - 1);
    expect((await handle.state()).type).toBe('SCHEDULED');
    await clock.advance(1000);
    expect((await handle.state()).type).toBe('COMPLETED');
  });

  it('has its deadline count from its time on', async () => {
    const { clock, machine } = machines();
    const bound = flow(async () => runContext().deadline?.getTime(), {
      name: 'bound',
      deadline: '1h',
    });
    await machine(bound).work();
    const at = clock.now() + 5 * HOUR;
    const handle = await machine().enqueue(bound, [], { at: new Date(at) });
    expect(await clock.runUntil(handle.result())).toBe(at + HOUR);
  });

  it('is one run for two enqueues with one idempotency key', async () => {
    const { machine } = machines();
    const app = machine();
    const first = await app.enqueue(sum, [1, 2], { idempotencyKey: 'today' });
    const second = await app.enqueue(sum, [3, 4], { idempotencyKey: 'today' });
    expect(second.id).toBe(first.id);
  });

  it('keeps the trace that it is part of', async () => {
    const { machine } = machines();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const handle = await machine().enqueue(sum, [1, 2], { traceparent });
    expect(await handle.run()).toMatchObject({ traceparent });
  });

  it('is left by workers that do not know its flow', async () => {
    const { clock, machine } = machines();
    await machine().work();
    const handle = await machine().enqueue(sum, [1, 2]);
    await clock.advance(HOUR);
    expect((await handle.state()).type).toBe('SCHEDULED');
  });

  it('ends when it is cancelled while it waits, and its function is not called', async () => {
    const { clock, machine } = machines();
    const calls: number[] = [];
    const f = flow(async () => calls.push(1), { name: 'f' });
    const app = machine(f);
    const handle = await app.enqueue(f, []);
    await handle.cancel('not today');
    expect(await handle.state()).toMatchObject({ type: 'CANCELLED', reason: 'not today' });
    await machine(f).work();
    await clock.advance(HOUR);
    expect(calls).toEqual([]);
  });

  it('is ended by its worker where a cancel was asked for by one who does not know its flow', async () => {
    const { clock, machine } = machines();
    const calls: number[] = [];
    const f = flow(async () => calls.push(1), { name: 'f' });
    const handle = await machine(f).enqueue(f, []);
    await machine().cancel(handle.id, 'enough');
    expect((await handle.state()).type).toBe('SCHEDULED');
    await machine(f).work();
    await clock.runUntil(handle.outcome());
    expect(await handle.state()).toMatchObject({ type: 'CANCELLED', reason: 'enough' });
    expect(calls).toEqual([]);
  });

  it('may wait longer than a flow may be interrupted, and for another version of the code', async () => {
    const { clock, store } = machines();
    const f = flow(async () => 'done', {
      name: 'f',
      resumeWithin: '1m',
      resumeOtherVersions: 'refuse',
    });
    const app = bench({ store, clock, flows: [f], codeVersion: '1' });
    const handle = await app.engine.enqueue(f, []);
    await clock.advance(HOUR);
    const warnings: unknown[] = [];
    const worker = bench({ store, clock, flows: [f], codeVersion: '2' });
    worker.engine.events.on('warning', (warning) => warnings.push(warning));
    await worker.engine.work();
    expect(await clock.runUntil(handle.result())).toBe('done');
    const run = await handle.run();
    expect([run.codeVersion, run.earlierVersions, run.recoveries]).toEqual(['2', undefined, 0]);
    expect(warnings).toEqual([]);
  });
});

describe('workers', () => {
  it('execute each run in one of them', async () => {
    const { clock, machine } = machines();
    const calls: number[] = [];
    const f = flow(async (n: number) => calls.push(n), { name: 'f' });
    for (let n = 0; n < 4; n++) await machine(f).work({ concurrency: 3 });
    const app = machine();
    const handles = await Promise.all(Array.from({ length: 50 }, (_, n) => app.enqueue(f, [n])));
    await clock.runUntil(Promise.all(handles.map((handle) => handle.result())));
    expect(calls.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('execute so many at once, the first queue first', async () => {
    const { clock, machine } = machines();
    const { work, under, most, end } = workers();
    const f = flow(async (name: string) => work(name), { name: 'f' });
    const app = machine();
    for (const name of ['b1', 'b2', 'a1', 'a2']) {
      await app.enqueue(f, [name], { queue: name.charAt(0) });
      await clock.advance(1);
    }
    await machine(f).work({ queues: ['a', 'b'], concurrency: 3 });
    await turns(60);
    expect(under.toSorted()).toEqual(['a1', 'a2', 'b1']);
    await end('a2');
    await turns(60);
    expect(under.toSorted()).toEqual(['a1', 'b1', 'b2']);
    for (const name of ['a1', 'b1', 'b2']) await end(name);
    await clock.advance(1000);
    expect(most()).toBe(3);
  });

  it('execute ten at once unless told otherwise, and look once a second', async () => {
    const { clock, machine } = machines();
    const { work, under } = workers();
    const f = flow(async (name: string) => work(name), { name: 'f' });
    const app = machine();
    const at = new Date(clock.now() + 1500);
    for (let n = 0; n < 12; n++) await app.enqueue(f, [`${n}`], { at });
    await machine(f).work();
    await clock.advance(1999);
    expect(under).toEqual([]);
    await clock.advance(1);
    await turns(200);
    expect(under).toHaveLength(10);
  });

  it('look as often as they are told', async () => {
    const { clock, machine } = machines();
    const f = flow(async () => 1, { name: 'f' });
    const handle = await machine().enqueue(f, [], { at: new Date(clock.now() + 1500) });
    await machine(f).work({ lookEvery: '1m' });
    await clock.advance(59_999);
    expect((await handle.state()).type).toBe('SCHEDULED');
    await clock.advance(1);
    expect((await handle.state()).type).toBe('COMPLETED');
  });

  it('claim nothing more once they are stopped, and bring to its end what they have', async () => {
    const { clock, machine } = machines();
    const { work, under, end } = workers();
    const f = flow(async (name: string) => work(name), { name: 'f' });
    const app = machine();
    const engine = machine(f);
    const worker = await engine.work({ concurrency: 1 });
    const first = await app.enqueue(f, ['first']);
    const second = await app.enqueue(f, ['second']);
    await turns(60);
    expect(under).toEqual(['first']);
    await worker.stop();
    await worker.stop();
    await end('first');
    await clock.advance(HOUR);
    expect(await first.result()).toBe('first');
    expect((await second.state()).type).toBe('SCHEDULED');
  });

  it('refuse what makes no sense', async () => {
    const { machine } = machines();
    const engine = machine(sum);
    const refused = { code: 'OPTIONS_INVALID' };
    for (const options of [
      { queues: [] },
      { queues: [''] },
      { queues: ['a\nb'] },
      { queues: 'default' as never },
      { concurrency: 0 },
      { concurrency: 1.5 },
    ]) {
      await expect(engine.work(options)).rejects.toMatchObject(refused);
    }
    await expect(engine.work({ lookEvery: 'soon' })).rejects.toMatchObject({
      code: 'DURATION_INVALID',
    });
    for (const options of [{ queue: '' }, { at: new Date(Number.NaN) }, { at: 5 as never }]) {
      await expect(engine.enqueue(sum, [1, 2], options)).rejects.toMatchObject(refused);
    }
    await expect(engine.enqueue(plus, [1, 2])).rejects.toMatchObject(refused);
    await engine.stop();
    await expect(engine.work()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
    await expect(engine.enqueue(sum, [1, 2])).rejects.toMatchObject({ code: 'ENGINE_STOPPED' });
  });

  it('take no arguments that cannot be kept, on a store in memory either', async () => {
    const { engine } = bench({ flows: [sum] });
    const f = flow(async (given: unknown) => typeof given, { name: 'f' });
    await expect(engine.enqueue(f, [gate])).rejects.toMatchObject({
      code: 'INPUT_NOT_SERIALISABLE',
    });
  });
});
