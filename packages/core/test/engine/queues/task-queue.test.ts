import { describe, expect, it } from 'vitest';
import { flow, group, memoryRunStore, runContext, task } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, turns } from '../support.ts';
import { machines, taskOf } from './machines.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

describe('a task with a queue', () => {
  it('waits there with its arguments, and is executed by the engine that works on the queue', async () => {
    const { clock, machine } = machines();
    const calls: string[] = [];
    const where = (who: string) =>
      task(
        async (n: number, at: Date) => {
          calls.push(who);
          return { n, at };
        },
        { name: 'where', queue: 'dumps' },
      );
    const called = where('app');
    const f = flow(async () => called(5, new Date(7)), { name: 'f' });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    await clock.advance(HOUR);
    const waiting = await taskOf(app, handle.id);
    expect(waiting).toMatchObject({ queue: 'dumps', attempts: 0, state: { name: 'Scheduled' } });
    expect(waiting.inputs).toBeDefined();
    await machine({ tasks: [where('worker')] }).work({ queues: ['dumps'] });
    expect(await clock.runUntil(handle.result())).toEqual({ n: 5, at: new Date(7) });
    expect(calls).toEqual(['worker']);
    const history = await app.history(waiting.id);
    expect(history.map(({ state }) => state.name)).toEqual([
      'Pending',
      'Scheduled',
      'Running',
      'Completed',
    ]);
  });

  it('wakes its worker when it is put there, and its flow when it has ended', async () => {
    const { clock, machine } = machines();
    const t = task(async (n: number) => n + 1, { name: 't', queue: 'q' });
    const f = flow(async () => t(1), { name: 'f' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const handle = await machine({ flows: [f] }).start(f, []);
    const before = clock.now();
    const result = handle.result();
    await turns(80);
    expect(await result).toBe(2);
    expect(clock.now()).toBe(before);
  });

  it('is executed by the engine of its flow where that works on the queue, on a store in memory too', async () => {
    const { engine, clock } = bench({ store: memoryRunStore() });
    const t = task(async (n: number) => n + 1, { name: 't', queue: 'q' });
    const f = flow(async () => t(1), { name: 'f' });
    await engine.work({ queues: ['q'] });
    expect(await clock.runUntil(engine.run(f))).toBe(2);
  });

  it('is submitted and mapped like any, takes futures, and gives them', async () => {
    const { clock, machine } = machines();
    const twice = task(async (n: number) => 2 * n, { name: 'twice', queue: 'q' });
    const sum = task(async (ns: readonly number[]) => ns.reduce((a, b) => a + b, 0), {
      name: 'sum',
    });
    const f = flow(
      async () => {
        const one = sum.submit([1, 2]);
        const doubled = twice.submit(one);
        const many = twice.with({ concurrency: 2 }).map([1, 2, 3, 4, 5]);
        return [await doubled, await sum.with({ queue: 'q' })(await many)];
      },
      { name: 'f' },
    );
    await machine({ tasks: [twice, sum] }).work({ queues: ['q'], concurrency: 3 });
    expect(await clock.runUntil(machine({ flows: [f] }).run(f))).toEqual([6, 30]);
  });

  it('is left by workers that do not know it, and by those on other queues', async () => {
    const { clock, machine } = machines();
    const t = task(async () => 'done', { name: 't', queue: 'q' });
    const f = flow(async () => t(), { name: 'f' });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    await machine().work({ queues: ['q'] });
    await machine({ tasks: [t] }).work({ queues: ['other'] });
    await clock.advance(HOUR);
    expect((await taskOf(app, handle.id)).state.type).toBe('SCHEDULED');
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    expect(await clock.runUntil(handle.result())).toBe('done');
  });

  it('keeps what it logs and leaves, and has its hooks called, where it is executed', async () => {
    const { clock, machine } = machines();
    const told: string[] = [];
    const t = task(
      async () => {
        const ctx = runContext();
        ctx.logger.info('half way');
        ctx.progress({ done: 1, total: 2, unit: 'files' });
        await ctx.artifact('size', { kind: 'markdown', markdown: '5 MB' });
        return ctx.rootRunId;
      },
      { name: 't', queue: 'q', onSuccess: (value) => void told.push(`success ${value}`) },
    );
    const f = flow(async () => t(), { name: 'f' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    expect(await clock.runUntil(handle.result())).toBe(handle.id);
    expect(told).toEqual([`success ${handle.id}`]);
    const run = await taskOf(app, handle.id);
    expect((await app.logs(run.id)).map(({ message }) => message)).toEqual(['half way']);
    const keys = (await app.artifacts(run.id)).map(({ key }) => key);
    expect(keys.toSorted()).toEqual(['progress', 'size']);
  });

  it('is tried again as its policy says, by its worker', async () => {
    const { clock, machine } = machines();
    let calls = 0;
    const t = task(
      async () => {
        if (++calls < 3) throw new Error('not yet');
        return calls;
      },
      { name: 't', queue: 'q', retries: { limit: 2, delay: '1m' } },
    );
    const f = flow(async () => t(), { name: 'f' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    expect(await clock.runUntil(handle.result())).toBe(3);
    expect((await taskOf(app, handle.id)).attempts).toBe(3);
  });

  it('fails in its worker, and its flow is told why; a retry of the flow has it executed anew', async () => {
    const { clock, machine } = machines();
    let fails = true;
    const t = task(
      async (n: number) => {
        if (fails) throw Object.assign(new RangeError('broken'), { code: 'E_BROKEN' });
        return n;
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => t(7), { name: 'f' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    await expect(clock.runUntil(handle.result())).rejects.toMatchObject({
      name: 'RangeError',
      message: 'broken',
      code: 'E_BROKEN',
    });
    fails = false;
    const again = await app.retry(handle.id);
    expect(await clock.runUntil(again.result())).toBe(7);
    expect(await taskOf(app, handle.id)).toMatchObject({ generation: 2, queue: 'q' });
  });

  it('fails where it is executed when its arguments do not fit its schema there', async () => {
    const { clock, machine } = machines();
    const strict = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (): { issues: { message: string }[] } => ({ issues: [{ message: 'no' }] }),
      },
    };
    const t = task(async (n: unknown) => n, { name: 't', queue: 'q' });
    const f = flow(async () => t(7), { name: 'f' });
    await machine({ tasks: [t.with({ input: strict } as never)] }).work({ queues: ['q'] });
    const handle = await machine({ flows: [f] }).start(f, []);
    await expect(clock.runUntil(handle.result())).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('may call tasks itself, on its own queue too', async () => {
    const { clock, machine } = machines();
    const leaf = task(async (n: number) => n + 1, { name: 'leaf', queue: 'q' });
    const inner = task(async (n: number) => n * 10, { name: 'inner' });
    const outer = task(async (n: number) => inner(await leaf(n)), { name: 'outer', queue: 'q' });
    const f = flow(async () => outer(1), { name: 'f' });
    await machine({ tasks: [leaf, outer] }).work({ queues: ['q'], concurrency: 2 });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    expect(await clock.runUntil(handle.result())).toBe(20);
    expect((await app.below(handle.id)).map(({ name }) => name)).toEqual([
      'outer',
      'leaf',
      'inner',
    ]);
  });

  it('has a place beside the flow that waits for it, in a worker with one place', async () => {
    const { clock, machine } = machines();
    const t = task(async () => 'done', { name: 't', queue: 'q' });
    const f = flow(async () => t(), { name: 'f' });
    await machine({ flows: [f], tasks: [t] }).work({ queues: ['q'], concurrency: 1 });
    const handle = await machine().enqueue(f, [], { queue: 'q' });
    expect(await clock.runUntil(handle.result())).toBe('done');
  });

  it('takes its place in a group before it is put on its queue', async () => {
    const { clock, machine } = machines();
    let under = 0;
    let most = 0;
    const t = task(
      async (_n: number) => {
        most = Math.max(most, ++under);
        await turns(5);
        under--;
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(
      async () => group('few', { concurrency: 2 }, async () => void (await t.map([1, 2, 3, 4, 5]))),
      { name: 'f' },
    );
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    await clock.runUntil(machine({ flows: [f] }).run(f));
    expect(most).toBe(2);
  });
});
