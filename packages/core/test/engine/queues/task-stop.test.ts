import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, runContext, task, transaction } from '@holdfast/core';
import { aborted, bench, expectNoUnhandledRejections, turns } from '../support.ts';
import { machines, taskOf } from './machines.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

/** A task that ends when it is told to stop. */
function stoppable() {
  const ends: string[] = [];
  const t = task(
    async () => {
      await aborted(runContext().signal);
      ends.push((runContext().signal.reason as Error).message);
      runContext().signal.throwIfAborted();
    },
    { name: 't', queue: 'q' },
  );
  return { ends, t };
}

describe('a task with a queue whose flow stops', () => {
  it('is cancelled in its worker, at once, and the flow ends after it', async () => {
    const { clock, machine } = machines();
    const { ends, t } = stoppable();
    const f = flow(async () => t(), { name: 'f' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    await turns(60);
    expect((await taskOf(app, handle.id)).state.type).toBe('RUNNING');
    const before = clock.now();
    await handle.cancel('enough');
    expect(clock.now()).toBe(before);
    expect(ends).toHaveLength(1);
    expect(await handle.state()).toMatchObject({ type: 'CANCELLED' });
    const ended = (await taskOf(app, handle.id)).state;
    expect(ended).toMatchObject({ type: 'CANCELLED', name: 'Cancelled' });
    expect((ended as { reason: string }).reason).toContain('enough');
  });

  it('is cancelled where the engine of the flow works on the queue itself', async () => {
    const { clock, machine } = machines();
    const { ends, t } = stoppable();
    const f = flow(async () => t(), { name: 'f' });
    const app = machine({ flows: [f] });
    await app.work({ queues: ['q'] });
    const handle = await app.start(f, []);
    await turns(60);
    const before = clock.now();
    await handle.cancel('enough');
    expect(clock.now()).toBe(before);
    expect(ends).toHaveLength(1);
    expect((await taskOf(app, handle.id)).state).toMatchObject({ type: 'CANCELLED' });
  });

  it('is cancelled alone where its future is, or where what was called beside it failed', async () => {
    const { clock, machine } = machines();
    const { ends, t } = stoppable();
    const f = flow(
      async () => {
        const one = t.submit();
        await turns(60);
        one.cancel('not this one');
        return (await one.outcome()).state;
      },
      { name: 'f' },
    );
    const g = flow(
      async () => {
        const one = t.submit();
        await turns(60);
        throw new Error(`gave up on ${one.runId}`);
      },
      { name: 'g' },
    );
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const app = machine({ flows: [f, g] });
    expect(await clock.runUntil(app.run(f))).toBe('CANCELLED');
    await expect(clock.runUntil(app.run(g))).rejects.toThrow('gave up');
    expect(ends).toHaveLength(2);
  });

  it('is ended by the flow where it was not claimed, and its function is not called', async () => {
    const { clock, machine } = machines();
    const { ends, t } = stoppable();
    const f = flow(async () => t(), { name: 'f' });
    const app = machine({ flows: [f] });
    const handle = await app.start(f, []);
    await turns(60);
    await clock.runUntil(handle.cancel('enough'));
    expect((await taskOf(app, handle.id)).state).toMatchObject({ type: 'CANCELLED' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    await clock.advance(HOUR);
    expect(ends).toEqual([]);
  });

  it('is out of time with the deadline of the flow, claimed or not', async () => {
    const { clock, machine } = machines();
    const { t } = stoppable();
    const f = flow(async () => t(), { name: 'f', deadline: '1h' });
    const app = machine({ flows: [f] });
    const unclaimed = await app.start(f, []);
    await expect(clock.runUntil(unclaimed.result())).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
    });
    expect((await taskOf(app, unclaimed.id)).state).toMatchObject({ name: 'TimedOut' });
    await machine({ tasks: [t] }).work({ queues: ['q'] });
    const claimed = await app.start(f, []);
    await expect(clock.runUntil(claimed.result())).rejects.toMatchObject({
      code: 'DEADLINE_PASSED',
    });
    const ended = await taskOf(app, claimed.id);
    expect(ended.startedAt).toBeDefined();
    expect(ended.state).toMatchObject({ name: 'TimedOut' });
  });
});

describe('what a queue is refused for', () => {
  const refused = (options: object): (() => unknown) => {
    return () => task(async () => 1, { name: 't', queue: 'q', ...options });
  };

  it('names that are none, hooks of transactions, flows: when it is defined', () => {
    for (const queue of ['', 5, 'a\nb', 'x'.repeat(201)]) {
      expect(refused({ queue })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
    }
    for (const hook of ['onCommit', 'onRollback']) {
      expect(refused({ [hook]: () => undefined })).toThrow(
        expect.objectContaining({ code: 'OPTIONS_INVALID' }),
      );
    }
    expect(() => flow(async () => 1, { name: 'f', queue: 'q' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
    expect(refused({ queue: undefined, onCommit: () => undefined })).not.toThrow();
  });

  it('arguments that cannot be kept, on a store in memory too', async () => {
    const { engine, clock } = bench({ store: memoryRunStore() });
    const t = task(async (_f: () => void) => 1, { name: 't', queue: 'q', key: () => 'k' });
    const f = flow(async () => t(() => undefined), { name: 'f' });
    await expect(clock.runUntil(engine.run(f))).rejects.toMatchObject({
      code: 'INPUT_NOT_SERIALISABLE',
    });
  });

  it('a call in a transaction, unless it is executed here', async () => {
    const { engine, clock } = bench();
    const t = task(async () => 'here', { name: 't', queue: 'q' });
    const within = (call: () => Promise<string>) =>
      flow(async () => transaction(async () => call(), { name: 'x' }), { name: 'f' });
    await expect(clock.runUntil(engine.run(within(() => t())))).rejects.toMatchObject({
      code: 'QUEUE_IN_TRANSACTION',
    });
    const here = t.with({ queue: undefined });
    expect(await clock.runUntil(engine.run(within(() => here())))).toBe('here');
  });
});
