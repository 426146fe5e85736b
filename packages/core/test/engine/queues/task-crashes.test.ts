import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, runContext, task, type RunStore } from '@holdfast/core';
import {
  crashAtEveryStep,
  crashingRunStore,
  TestClock,
  type CrashPoint,
} from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from '../support.ts';

expectNoUnhandledRejections();

const forever = (): Promise<never> => new Promise(() => undefined);
const HOUR = 3_600_000;

/** A process on a store that others share: it has a clock of its own where it is to die. */
function machine(store: RunStore, clock: TestClock, more: object) {
  return bench({ store: crashingRunStore(store, undefined), clock, ...more });
}

describe('a task on a queue whose worker died', () => {
  it('goes to another once its lease has expired, and the flow is told its outcome', async () => {
    const store = durableStore();
    const clock = new TestClock();
    let hangs = true;
    const part = task(async () => 'part', { name: 'part' });
    const calls: string[] = [];
    const t = task(
      async () => {
        calls.push(await part());
        return hangs ? forever() : `done with ${runContext().idempotencyKey}`;
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => t(), { name: 'f' });
    const app = machine(store, clock, { flows: [f] });
    const handle = await app.engine.start(f, []);
    await machine(store, new TestClock(), { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    expect(calls).toEqual(['part']);
    hangs = false;
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    expect(await clock.runUntil(handle.result())).toMatch(/^done with /);
    const [run, below] = await app.engine.below(handle.id);
    expect(run).toMatchObject({ name: 't', recoveries: 1, attempts: 1 });
    expect(below).toMatchObject({ name: 'part', attempts: 1, recoveries: 0 });
  });

  it('is given up after as many recoveries as it may have', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const t = task(() => forever(), { name: 't', queue: 'q', maxRecoveries: 0 });
    const f = flow(async () => t(), { name: 'f' });
    const app = machine(store, clock, { flows: [f] });
    const handle = await app.engine.start(f, []);
    await machine(store, new TestClock(), { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    await expect(clock.runUntil(handle.result())).rejects.toMatchObject({
      code: 'RECOVERIES_EXHAUSTED',
    });
  });

  it('is ended by its flow, once its lease has expired, where that is told to stop', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const t = task(() => forever(), { name: 't', queue: 'q' });
    const f = flow(async () => t(), { name: 'f' });
    const app = machine(store, clock, { flows: [f] });
    const handle = await app.engine.start(f, []);
    await machine(store, new TestClock(), { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    await clock.runUntil(handle.cancel('enough'));
    const [run] = await app.engine.below(handle.id);
    expect(run?.state).toMatchObject({ type: 'CANCELLED' });
  });

  it('is handed on by a worker that is stopped, and that is no crash', async () => {
    const store = durableStore();
    const clock = new TestClock();
    let waits = true;
    const t = task(
      async () => {
        const { signal } = runContext();
        if (waits) await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
        return 'done';
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => t(), { name: 'f' });
    const app = machine(store, clock, { flows: [f] });
    const handle = await app.engine.start(f, []);
    const one = machine(store, clock, { tasks: [t] });
    await one.engine.work({ queues: ['q'] });
    await turns(60);
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    waits = false;
    await one.engine.stop();
    expect(await clock.runUntil(handle.result())).toBe('done');
    expect((await app.engine.below(handle.id))[0]?.recoveries).toBe(0);
  });

  it('sleeps on in another worker', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const t = task(
      async () => {
        await runContext().sleep('1h');
        return 'slept';
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => t(), { name: 'f' });
    const app = machine(store, clock, { flows: [f] });
    const began = clock.now();
    const handle = await app.engine.start(f, []);
    await machine(store, new TestClock(), { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    expect((await app.engine.below(handle.id))[0]?.state.name).toBe('Sleeping');
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    expect(await clock.runUntil(handle.result())).toBe('slept');
    expect(clock.now() - began).toBeLessThan(HOUR + 60_000);
  });
});

describe('a task on a queue whose flow died', () => {
  it('goes on, and the flow, taken up again, finds what came of it', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const calls: string[] = [];
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const t = task(
      async () => {
        calls.push('t');
        await opened;
        return 'done';
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => [await t()], { name: 'f' });
    const dying = machine(store, new TestClock(), { flows: [f] });
    const { id } = await dying.engine.start(f, []);
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    await clock.advance(HOUR);
    const next = machine(store, clock, { flows: [f] });
    const { resumed } = await next.engine.recover();
    await turns(60);
    expect(resumed.map((handle) => handle.id)).toEqual([id]);
    open();
    expect(await clock.runUntil(resumed[0]?.result() as Promise<unknown>)).toEqual(['done']);
    expect(calls).toEqual(['t']);
    expect((await next.engine.below(id))[0]).toMatchObject({ recoveries: 0, attempts: 1 });
  });

  it('is cancelled with its flow by whoever is told to, and waited for', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const t = task(
      async () => {
        const { signal } = runContext();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
      },
      { name: 't', queue: 'q' },
    );
    const f = flow(async () => t(), { name: 'f' });
    const { id } = await machine(store, new TestClock(), { flows: [f] }).engine.start(f, []);
    await machine(store, clock, { tasks: [t] }).engine.work({ queues: ['q'] });
    await turns(60);
    await clock.advance(HOUR);
    const next = machine(store, clock, { flows: [f] });
    await clock.runUntil(next.engine.cancel(id, 'enough'));
    expect(await next.engine.below(id)).toMatchObject([{ state: { type: 'CANCELLED' } }]);
    expect((await store.run(id))?.state).toMatchObject({ type: 'CANCELLED', reason: 'enough' });
  });

  it('is skipped where the flow goes another way', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const t = task(async () => 'done', { name: 't', queue: 'q' });
    let calls = true;
    const f = flow(async () => (calls ? t() : 'without'), { name: 'f' });
    const { id } = await machine(store, new TestClock(), { flows: [f] }).engine.start(f, []);
    await turns(60);
    calls = false;
    await clock.advance(HOUR);
    const next = machine(store, clock, { flows: [f] });
    const { resumed } = await next.engine.recover();
    expect(await clock.runUntil(resumed[0]?.result() as Promise<unknown>)).toBe('without');
    expect(await next.engine.below(id)).toMatchObject([{ state: { name: 'NotNeeded' } }]);
  });
});

const plus = task(async (n: number) => n + 1, { name: 'plus' });
const leaf = task(
  async (n: number) => {
    const part = await plus(n);
    if (runContext().attempt === 1) throw new Error('once more');
    return part;
  },
  { name: 'leaf', queue: 'q', retries: { limit: 1, delay: '10s' } },
);
const broken = task(
  async () => {
    throw new Error('broken');
  },
  { name: 'broken', queue: 'q' },
);

describe('a flow whose tasks wait on a queue', () => {
  const tree = flow(
    async () => {
      const first = leaf.submit(1);
      const many = leaf.with({ concurrency: 2 }).map([first, 10]);
      const failed = await broken.submit().outcome();
      return [await first, await many, failed.state, await plus(100)];
    },
    { name: 'tree' },
  );

  it('gives the same, wherever the process dies that has both the flow and its worker', async () => {
    const { result, crashes } = await crashAtEveryStep(tree, {
      engine: { tasks: [plus, leaf, broken] },
      work: { queues: ['q'] },
    });
    expect(result).toEqual([2, [3, 11], 'FAILED', 101]);
    expect(crashes).toBeGreaterThan(30);
  }, 60_000);

  it('gives the same, wherever its worker dies', async () => {
    let commit = 1;
    while (await workerDiesAt({ commit, moment: 'before' })) {
      await workerDiesAt({ commit, moment: 'after' });
      commit++;
    }
    expect(commit).toBeGreaterThan(10);
  }, 60_000);

  it('gives the same, wherever its process dies while its worker goes on', async () => {
    let commit = 1;
    while (await flowDiesAt({ commit, moment: 'before' })) {
      await flowDiesAt({ commit, moment: 'after' });
      commit++;
    }
    expect(commit).toBeGreaterThan(5);
  }, 60_000);

  const worker = { tasks: [plus, leaf, broken] };
  const expected = [2, [3, 11], 'FAILED', 101];

  async function workerDiesAt(at: CrashPoint): Promise<boolean> {
    const store = memoryRunStore();
    const clock = new TestClock();
    const app = machine(store, clock, { flows: [tree] });
    const handle = await app.engine.start(tree, []);
    const dying = crashingRunStore(store, at);
    const one = bench({ store: dying, clock, ...worker });
    await one.engine.work({ queues: ['q'] });
    await Promise.race([clock.runUntil(dying.died), handle.outcome()]);
    const died = dying.commits >= at.commit;
    const next = await machine(store, clock, worker).engine.work({ queues: ['q'] });
    expect(await clock.runUntil(handle.result())).toEqual(expected);
    await next.stop();
    return died;
  }

  async function flowDiesAt(at: CrashPoint): Promise<boolean> {
    const store = memoryRunStore();
    const clock = new TestClock();
    await machine(store, clock, worker).engine.work({ queues: ['q'] });
    const dying = crashingRunStore(store, at);
    const one = bench({ store: dying, clock, flows: [tree] });
    const ended = one.engine.run(tree).then(
      () => 'ended' as const,
      () => 'ended' as const,
    );
    const fate = await clock.runUntil(
      Promise.race([dying.died.then(() => 'died' as const), ended]),
    );
    if (fate === 'ended') return false;
    await clock.advance(HOUR);
    const next = machine(store, clock, { flows: [tree] });
    const { resumed } = await next.engine.recover();
    const [handle] = resumed;
    const result = handle === undefined ? next.engine.run(tree) : handle.result();
    expect(await clock.runUntil(result)).toEqual(expected);
    return true;
  }
});
