import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
} from './support.ts';

expectNoUnhandledRejections();

const obedient = task(
  async () => {
    const { signal } = runContext();
    await aborted(signal);
    throw signal.reason;
  },
  { name: 'obedient' },
);

describe('a future that is cancelled', () => {
  it('ends CANCELLED with its reason, and is CANCELLING until its function has ended', async () => {
    const g = gate();
    const slow = task(async () => aborted(runContext().signal).then(() => g.opened), {
      name: 'slow',
      grace: '1h',
    });
    const f = flow(
      async () => {
        const future = slow.submit();
        await turns();
        future.cancel('not needed');
        const outcome = await future.outcome();
        return [outcome.state, !outcome.ok && outcome.error.message];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns(60);
    const [run] = await b.engine.below(handle.id);
    expect(run?.state).toEqual({ type: 'CANCELLING', name: 'Cancelling', reason: 'not needed' });
    g.open();
    // Its function returned in the end: the truth is told.
    expect(await handle.result()).toEqual(['COMPLETED', false]);
  });

  it('does not fail the flow, and tells what waits for it', async () => {
    const next = task(async (n: unknown) => n, { name: 'next' });
    const f = flow(
      async () => {
        const future = obedient.submit();
        const waiting = next.submit(future);
        await turns();
        future.cancel('enough');
        const [outcome, after] = [await future.outcome(), await waiting.outcome()];
        return [outcome.ok || outcome.error.message, after.state];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual(["'obedient' was cancelled: enough.", 'SKIPPED']);
    expect(await statesBelow(b, handle.id)).toEqual([
      'obedient CANCELLED/Cancelled',
      'next SKIPPED/UpstreamFailed',
    ]);
  });

  it('ends at once while it waits: for others, or for its retry', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow' });
    const next = task(async (n: unknown) => n, { name: 'next' });
    const failing = task(
      async () => {
        throw new Error('no');
      },
      { name: 'failing', retries: { limit: 1, delay: '1h' } },
    );
    const f = flow(
      async () => {
        const [waiting, retrying] = [next.submit(slow.submit()), failing.submit()];
        await turns();
        waiting.cancel();
        retrying.cancel();
        const states = [(await waiting.outcome()).state, (await retrying.outcome()).state];
        g.open();
        return states;
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual(['CANCELLED', 'CANCELLED']);
    expect((await statesBelow(b, handle.id)).slice(1).toSorted()).toEqual([
      'failing CANCELLED/Cancelled',
      'next CANCELLED/Cancelled',
    ]);
  });

  it('never calls its function when it was cancelled before its start', async () => {
    let called = false;
    const t = task(
      async () => {
        called = true;
      },
      { name: 't' },
    );
    const f = flow(
      async () => {
        const future = t.submit();
        future.cancel();
        return (await future.outcome()).state;
      },
      { name: 'f' },
    );
    expect(await bench().engine.run(f)).toBe('CANCELLED');
    expect(called).toBe(false);
  });
});

describe('a run that is cancelled', () => {
  it('takes its tasks and subflows with it', async () => {
    const inner = flow(() => obedient(), { name: 'inner' });
    const outer = flow(() => inner(), { name: 'outer' });
    const b = bench();
    const handle = await b.engine.start(outer, []);
    await turns();
    await handle.cancel('operator');
    expect(await handle.outcome()).toMatchObject({
      ok: false,
      state: 'CANCELLED',
      error: { code: 'CANCELLED', message: "'outer' was cancelled: operator." },
    });
    expect(await handle.state()).toEqual({
      type: 'CANCELLED',
      name: 'Cancelled',
      reason: 'operator',
    });
    expect(await statesBelow(b, handle.id)).toEqual([
      'inner CANCELLED/Cancelled',
      'obedient CANCELLED/Cancelled',
    ]);
    const [innerRun, taskRun] = await b.engine.below(handle.id);
    expect(innerRun?.parentId).toBe(handle.id);
    expect(taskRun?.parentId).toBe(innerRun?.id);
  });

  it('tells the truth when its function had failed, or finished, before', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow', grace: '1h' });
    const failing = flow(
      async () => {
        void slow.submit();
        throw new Error('it failed first');
      },
      { name: 'failing' },
    );
    const done = flow(async () => void slow.submit(), { name: 'done' });
    const b = bench();
    const handles = [await b.engine.start(failing, []), await b.engine.start(done, [])];
    await turns();
    const cancels = handles.map((handle) => handle.cancel('late'));
    await turns();
    g.open();
    await Promise.all(cancels);
    const states = await Promise.all(handles.map(async (handle) => (await handle.state()).type));
    expect(states).toEqual(['FAILED', 'COMPLETED']);
  });

  it('is told by another engine on the same store, which can wait for its end', async () => {
    const [store, clock] = [durableStore(), new TestClock()];
    const [one, two] = [bench({ store, clock }), bench({ store, clock })];
    const handle = await one.engine.start(
      flow(() => obedient(), { name: 'f' }),
      [],
    );
    const foreign = await two.engine.find(handle.id);
    const outcome = foreign.outcome();
    await foreign.cancel('from afar');
    await clock.advance(10_000);
    expect(await clock.runUntil(outcome)).toMatchObject({
      state: 'CANCELLED',
      error: { message: "'f' was cancelled: from afar." },
    });
  });

  it('and was left by its process is never taken up', async () => {
    const store = durableStore();
    const one = bench({ store });
    const f = flow(() => obedient(), { name: 'f' });
    const handle = await one.engine.start(f, []);
    await turns();
    await one.engine.stop();
    const two = bench({ store, flows: [f] });
    await two.engine.cancel(handle.id, 'no more');
    expect(await two.engine.recover()).toMatchObject({ resumed: [], ended: [] });
    expect(await statesBelow(two, handle.id)).toEqual(['obedient CANCELLED/Cancelled']);
    expect((await two.engine.runs({ topLevel: true }))[0]?.state).toMatchObject({
      type: 'CANCELLED',
      reason: 'no more',
    });
  });

  it('must be a top-level one', async () => {
    const b = bench();
    const handle = await b.engine.start(
      flow(() => obedient(), { name: 'f' }),
      [],
    );
    await turns();
    const [child] = await b.engine.below(handle.id);
    await expect(b.engine.cancel(child?.id as typeof handle.id)).rejects.toMatchObject({
      code: 'NOT_TOP_LEVEL',
    });
    await handle.cancel();
  });
});

it('a reason is kept as every store can keep it', async () => {
  const b = bench();
  const handle = await b.engine.start(
    flow(() => obedient(), { name: 'f' }),
    [],
  );
  await turns();
  await handle.cancel('with \0 and \ud800');
  expect(await handle.state()).toMatchObject({ reason: 'with  and \ufffd' });
});
