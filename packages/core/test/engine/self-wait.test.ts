import { describe, expect, it } from 'vitest';
import {
  allowFailure,
  flow,
  runContext,
  task,
  type RunId,
  type TaskFuture,
  type TaskFutureList,
} from '@holdfast/core';
import { bench, expectNoUnhandledRejections, turns, type Bench } from './support.ts';

expectNoUnhandledRejections();

const ITSELF = { code: 'RUN_WAITS_ON_ITSELF', retryable: false };

/** The outcome of a task that does this with its own future. */
async function taskThat(wait: (own: TaskFuture<unknown>) => unknown): Promise<unknown> {
  const box: { own?: TaskFuture<unknown> } = {};
  const own = task(
    async () => {
      await turns(1);
      return wait(box.own as TaskFuture<unknown>);
    },
    { name: 'own', retries: 3 },
  );
  const f = flow(
    async () => {
      box.own = own.submit();
      return box.own.outcome();
    },
    { name: 'f' },
  );
  return bench().engine.run(f);
}

const other = task(async (n: unknown) => n, { name: 'other' });

describe('a task that waits for its own future', () => {
  it.each<[string, (own: TaskFuture<unknown>) => unknown]>([
    ['awaits it', async (own) => own],
    ['asks for its result', (own) => own.result()],
    ['asks for its outcome', (own) => own.outcome()],
    ['awaits it among others', (own) => Promise.all([other(1), own])],
    ['gives it to another task', (own) => other.submit(own)],
    ['gives it to another task within data', (own) => other.submit({ deep: [own] })],
    ['lets another wait for it', (own) => other.with({ waitFor: [own] }).submit(1)],
    ['tolerates its failure', (own) => other.submit(allowFailure(own))],
    ['maps over it', (own) => other.map([own])],
    ['lets what it starts wait for it', (own) => task(async () => own, { name: 'inner' })()],
  ])('%s fails with a code, and is not tried again', async (_how, wait) => {
    expect(await taskThat(wait)).toMatchObject({ ok: false, state: 'FAILED', error: ITSELF });
  });

  it('may look at it otherwise, and at the futures of others', async () => {
    const outcome = await taskThat(async (own) => [typeof own.runId, await other.submit(2)]);
    expect(outcome).toEqual({ ok: true, value: ['string', 2], state: 'COMPLETED' });
  });

  it('may wait for it once the run has ended', async () => {
    const box: { first?: TaskFuture<number> } = {};
    const next = task(async (n: number) => (box.first === undefined ? n : n + (await box.first)), {
      name: 'next',
    });
    const f = flow(
      async () => {
        const first = next.submit(1);
        await first;
        box.first = first;
        return next(10);
      },
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toBe(11);
  });
});

describe('a member of a list that waits for the list', () => {
  it.each<[string, (list: TaskFutureList<unknown>) => unknown]>([
    ['awaits it', async (list) => list],
    ['asks for its outcomes', (list) => list.outcomes()],
    ['asks for them as they complete', (list) => list.asCompleted()],
    ['gives it to a task', (list) => other.submit(list)],
    ['maps over it', (list) => other.map(list)],
    [
      'iterates over it',
      async (list) => {
        for await (const each of list) void each;
      },
    ],
  ])('%s fails with a code', async (_how, wait) => {
    const box: { list?: TaskFutureList<unknown> } = {};
    const member = task(
      async (n: number) => {
        await turns(1);
        return n === 1 ? wait(box.list as TaskFutureList<unknown>) : n;
      },
      { name: 'member' },
    );
    const f = flow(
      async () => {
        box.list = member.map([0, 1]);
        return box.list.outcomes();
      },
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toMatchObject([
      { ok: true, value: 0 },
      { ok: false, error: ITSELF },
    ]);
  });
});

/** How a flow ends that does this with what it has of itself. */
async function flowThat(wait: (b: Bench, id: RunId) => unknown): Promise<unknown> {
  const b = bench();
  const f = flow(async () => wait(b, runContext().rootRunId), { name: 'f' });
  const handle = await b.engine.start(f, []);
  return b.clock.runUntil(handle.outcome());
}

describe('a flow that waits for its own handle', () => {
  it.each<[string, (b: Bench, id: RunId) => unknown]>([
    ['asks for its result', async ({ engine }, id) => (await engine.find(id)).result()],
    ['asks for its outcome', async ({ engine }, id) => (await engine.find(id)).outcome()],
    [
      'lets a task ask for it',
      ({ engine }, id) => task(async () => (await engine.find(id)).result(), { name: 'asks' })(),
    ],
    [
      'asks another engine on the same store',
      async ({ store }, id) => (await bench({ store }).engine.find(id)).result(),
    ],
    [
      'asks a subflow for it',
      ({ engine }) =>
        flow(async () => (await engine.find(runContext().runId)).result(), { name: 'sub' })(),
    ],
  ])('%s fails with a code', async (_how, wait) => {
    expect(await flowThat(wait)).toMatchObject({ ok: false, state: 'FAILED', error: ITSELF });
  });

  it('may ask itself to stop, which does not wait', async () => {
    const outcome = await flowThat(async ({ engine }, id) => {
      await (await engine.find(id)).cancel('enough');
      runContext().signal.throwIfAborted();
    });
    expect(outcome).toMatchObject({ ok: false, state: 'CANCELLED' });
  });
});
