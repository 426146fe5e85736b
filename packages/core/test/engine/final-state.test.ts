import { describe, expect, it } from 'vitest';
import { allowFailure, flow, runContext, task, valuesOf, type State } from '@holdfast/core';
import {
  aborted,
  bench,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

const ok = task(async (n: number) => n, { name: 'ok' });
const bad = task(
  async (n: number): Promise<number> => {
    throw Object.assign(new Error(`no ${n}`), { code: 'E_NO' });
  },
  { name: 'bad' },
);
const odd = task(async (n: number) => (n % 2 === 0 ? n : bad(n)), { name: 'odd' });
const stuck = task(
  async () => {
    await aborted(runContext().signal);
    runContext().signal.throwIfAborted();
  },
  { name: 'stuck', grace: 0 },
);
const failing = flow(async (n: number) => bad(n), { name: 'failing' });

/** A future that somebody has told to stop. */
function cancelledFuture() {
  const future = stuck.submit();
  future.cancel('not wanted');
  return future;
}

/** How a flow of this code ends: its state, and what its caller is given. */
async function endOf(body: () => unknown): Promise<{ state: State; given: unknown }> {
  const b = bench();
  const handle = await b.engine.start(
    flow(async () => body(), { name: 'f' }),
    [],
  );
  const given = await b.clock.runUntil(
    handle.result().then(
      (value: unknown) => value,
      (error: unknown) => error,
    ),
  );
  return { state: await handle.state(), given };
}

const done = (failedTasks?: number): unknown => ({
  type: 'COMPLETED',
  name: 'Completed',
  ...(failedTasks === undefined ? {} : { failedTasks }),
});

describe('a flow completes', () => {
  it.each<[string, () => unknown, unknown, unknown]>([
    ['with a value', () => ({ a: 1 }), { a: 1 }, done()],
    ['with nothing', () => undefined, undefined, done()],
    ['with a future, which is its value', () => ok.submit(1), 1, done()],
    ['with a list, which is its values', () => ok.map([1, 2]), [1, 2], done()],
    ['with futures in data', () => ({ a: [ok.submit(1), ok.map([2])] }), { a: [1, [2]] }, done()],
    [
      'over failures that it has looked at, and counts them',
      async () => [(await bad.submit(1).outcome()).state, await failing(2).catch(() => 'caught')],
      ['FAILED', 'caught'],
      done(2),
    ],
    [
      'with an outcome, which is data like any other',
      async () => bad.submit(1).outcome(),
      { ok: false, state: 'FAILED', error: { message: 'no 1', code: 'E_NO' } },
      done(1),
    ],
    [
      'with a list of outcomes, however they are',
      async () => odd.map([1, 2]).outcomes(),
      [
        { ok: false, state: 'FAILED' },
        { ok: true, state: 'COMPLETED', value: 2 },
      ],
      done(1),
    ],
    [
      'with a failure that is allowed',
      () => allowFailure(bad.submit(1)),
      { ok: false, state: 'FAILED' },
      done(1),
    ],
    [
      'over what was cancelled and skipped',
      async () => {
        const future = cancelledFuture();
        return [(await future.outcome()).state, (await ok.submit(future as never).outcome()).state];
      },
      ['CANCELLED', 'SKIPPED'],
      done(2),
    ],
    [
      'with the values of outcomes',
      async () => valuesOf(await ok.map([1, 2]).outcomes()),
      [1, 2],
      done(),
    ],
  ])('%s', async (_how, body, given, state) => {
    const end = await endOf(body);
    if (given !== null && typeof given === 'object') expect(end.given).toMatchObject(given);
    else expect(end.given).toEqual(given);
    expect(end.state).toMatchObject(state as object);
    expect('failedTasks' in end.state).toBe('failedTasks' in (state as object));
  });
});

describe('a flow fails', () => {
  const failed = (message: string) => ({ type: 'FAILED', name: 'Failed', error: { message } });
  it.each<[string, () => unknown, string]>([
    ['with what it throws', () => bad(1), 'no 1'],
    ['with what a future that it returned threw', () => bad.submit(1), 'no 1'],
    [
      'with one error of a list that it returned',
      () => odd.map([1, 2, 3]),
      '2 of 3 tasks failed: no 1',
    ],
    ['with what futures in its data threw', () => ({ a: [ok.submit(1), bad.submit(2)] }), 'no 2'],
    ['with what a subflow threw', () => failing(3), 'no 3'],
    [
      'with failures that nobody looked at',
      () => void bad.submit(1),
      "'f' returned, but tasks it had submitted failed: bad.",
    ],
    [
      'with the failures among outcomes that it must have the values of',
      async () => valuesOf(await odd.map([1, 2, 3]).outcomes()),
      '2 of 3 tasks failed: no 1',
    ],
    [
      'with what it awaited was cancelled: it was not asked to stop itself',
      () => cancelledFuture(),
      "'stuck' was cancelled: not wanted.",
    ],
  ])('%s', async (_how, body, message) => {
    const end = await endOf(body);
    expect(end.state).toMatchObject(failed(message));
    expect((end.given as Error).message).toBe(message);
  });

  it('as timed out, when its time is over', async () => {
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => stuck(), { name: 'f', timeout: '1m' }),
      [],
    );
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      state: 'FAILED',
      error: { code: 'TIMED_OUT' },
    });
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name: 'TimedOut' });
  });
});

describe('a flow that was told to stop', () => {
  it('is CANCELLED, and COMPLETED when it ends well all the same', async () => {
    const g = gate();
    const obedient = flow(async () => stuck(), { name: 'obedient' });
    const deaf = flow(async () => g.opened.then(() => 'done'), { name: 'deaf' });
    const b = bench();
    const handles = await Promise.all([b.engine.start(obedient, []), b.engine.start(deaf, [])]);
    await turns();
    for (const handle of handles) void handle.cancel('enough');
    await turns();
    g.open();
    const outcomes = await b.clock.runUntil(Promise.all(handles.map((h) => h.outcome())));
    expect(outcomes.map(({ state }) => state)).toEqual(['CANCELLED', 'COMPLETED']);
    expect(await handles[0].state()).toMatchObject({ type: 'CANCELLED', reason: 'enough' });
  });
});

describe('a subflow', () => {
  it('is a run of its own below its parent, and its failures are its own', async () => {
    const sub = flow(
      async (n: number) => {
        const { state } = await bad.submit(n).outcome();
        return state;
      },
      { name: 'sub' },
    );
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => [await sub(1), await sub(2)], { name: 'f' }),
      [],
    );
    expect(await handle.result()).toEqual(['FAILED', 'FAILED']);
    const below = await b.engine.below(handle.id);
    const subs = below.filter(({ name }) => name === 'sub');
    expect(subs).toMatchObject([
      { kind: 'flow', parentId: handle.id, rootId: handle.id, state: { failedTasks: 1 } },
      { kind: 'flow', parentId: handle.id, rootId: handle.id, state: { failedTasks: 1 } },
    ]);
    expect(below.filter(({ name }) => name === 'bad').map(({ parentId }) => parentId)).toEqual(
      subs.map(({ id }) => id),
    );
    expect('failedTasks' in (await handle.state())).toBe(false);
  });

  it('is cancelled with its parent, and so is what it has started', async () => {
    const sub = flow(async () => stuck(), { name: 'sub' });
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => sub(), { name: 'f' }),
      [],
    );
    await turns();
    void handle.cancel('enough');
    await b.clock.runUntil(handle.outcome());
    expect(await statesBelow(b, handle.id)).toEqual([
      'sub CANCELLED/Cancelled',
      'stuck CANCELLED/Cancelled',
    ]);
    const [run] = await b.engine.below(handle.id);
    expect(run?.state).toMatchObject({ reason: 'enough' });
  });

  it('that is under way when its parent fails is cancelled, and waited for', async () => {
    const sub = flow(async () => stuck(), { name: 'sub' });
    const f = flow(
      async () => {
        void sub();
        await turns();
        throw new Error('the parent');
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { message: 'the parent' },
    });
    expect(await statesBelow(b, handle.id)).toEqual([
      'sub CANCELLED/Cancelled',
      'stuck CANCELLED/Cancelled',
    ]);
  });

  it('that nobody awaited fails its parent', async () => {
    const { state } = await endOf(() => void failing(1));
    expect(state).toMatchObject({ type: 'FAILED', error: { code: 'UNOBSERVED_FAILURE' } });
  });

  it('keeps to its own retries and timeout', async () => {
    const attempts: number[] = [];
    const sub = flow(
      async () => {
        attempts.push(runContext().attempt);
        await stuck();
      },
      { name: 'sub', timeout: '1m', retries: { limit: 1, delay: '1s' } },
    );
    const b = bench();
    const handle = await b.engine.start(
      flow(async () => sub(), { name: 'f' }),
      [],
    );
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { code: 'TIMED_OUT' },
    });
    expect(attempts).toEqual([1, 2]);
  });
});
