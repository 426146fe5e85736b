import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, task, transaction, type RunStore } from '@holdfast/core';
import { crashingRunStore, TestClock, type CrashPoint } from '@holdfast/core/testing';
import {
  bench,
  durableStore,
  expectNoUnhandledRejections,
  turns,
  type Bench,
} from '../engine/support.ts';
import { codeOf, Diary, marks } from './support.ts';

expectNoUnhandledRejections();

const LATER = 3_600_000;
let processes = 0;

/** Another process: a clock of its own, later than any lease. */
function process(store: RunStore, more: object = {}, at?: CrashPoint): Bench {
  const clock = new TestClock(Date.UTC(2026, 0, 5) + processes++ * LATER);
  return bench({ store: crashingRunStore(store, at), clock, ...more });
}

/** What a process leaves that died in the middle of two transactions, one nested in the other. */
async function left(store: RunStore, maxRecoveries = 0) {
  const d = new Diary();
  const state = { hangs: true };
  const wait = task(async () => (state.hangs ? new Promise<number>(() => undefined) : 1), {
    name: 'wait',
  });
  const f = flow(
    async () =>
      transaction(
        async () => {
          await d.step('a');
          await transaction(async () => d.step('b'), { name: 'inner' });
          await d.step('c');
          return wait();
        },
        { name: 'outer' },
      ),
    { name: 'f', maxRecoveries },
  );
  const { id } = await process(store).engine.start(f, []);
  await turns();
  expect(d.lines).toEqual(['do a', 'do b', 'do c']);
  state.hangs = false;
  d.clear();
  return { d, f, id };
}

describe('a flow that cannot go on is rolled back from the store alone', () => {
  it('when its recovery is refused', async () => {
    const store = durableStore();
    const { d, f, id } = await left(store);
    const two = process(store, { flows: [f], tasks: [d.step] });
    const told: unknown[] = [];
    two.engine.events.on('transaction', ({ name, outcome }) => told.push([name, outcome]));
    const report = await two.engine.recover();
    expect(report).toMatchObject({ ended: [id], resumed: [], hooksLeft: [] });
    expect(d.lines).toEqual(['undo c', 'undo a', 'undo b']);
    expect(d.rollbacks[0]).toMatchObject({
      error: { code: 'RECOVERIES_EXHAUSTED' },
      transaction: { name: 'outer' },
    });
    expect(d.rollbacks[2]).toMatchObject({ transaction: { name: 'inner' } });
    expect(told).toEqual([['outer', 'rolled-back']]);
    expect(await marks(two, id)).toEqual([
      '-step COMPLETED',
      '-step COMPLETED',
      '-step COMPLETED',
      'wait CRASHED',
    ]);
    // Undone before the flow has ended.
    const marked = (await two.engine.below(id)).map(({ rolledBackAt }) => rolledBackAt ?? 0);
    expect(Math.max(...marked)).toBeLessThanOrEqual((await two.store.run(id))?.endedAt ?? 0);
    expect(await store.openRuns()).toEqual([]);
  });

  it('when it was cancelled while no process had it', async () => {
    const store = durableStore();
    const { d, f, id } = await left(store, 3);
    await process(store).engine.cancel(id, 'no longer wanted');
    expect(d.lines).toEqual([]);
    const two = process(store, { flows: [f], tasks: [d.step] });
    expect(await two.engine.recover()).toMatchObject({ ended: [id] });
    expect(d.lines).toEqual(['undo c', 'undo a', 'undo b']);
    expect(d.rollbacks[0]?.error).toMatchObject({
      code: 'CANCELLED',
      context: { reason: 'no longer wanted' },
    });
    expect((await two.store.run(id))?.state.type).toBe('CANCELLED');
  });

  it('as far as its definitions are known: the rest stays due for an engine that knows them', async () => {
    const store = durableStore();
    const { d, f, id } = await left(store);
    const two = process(store, { flows: [f] });
    const codes: string[] = [];
    two.engine.events.on('warning', ({ code }) => codes.push(code));
    const report = await two.engine.recover();
    expect(report.ended).toEqual([id]);
    const due = { name: 'step', hook: 'onRollback' };
    expect(report.hooksLeft).toMatchObject([due, due, due]);
    expect(codes).toEqual(['HOOK_LEFT', 'HOOK_LEFT', 'HOOK_LEFT']);
    expect(d.lines).toEqual([]);
    expect(await marks(two, id)).toEqual([
      'step COMPLETED',
      'step COMPLETED',
      'step COMPLETED',
      'wait CRASHED',
    ]);
    // A task of that name that cannot be undone is not the one.
    const other = d.step.with({ onRollback: undefined as never });
    const three = process(store, { flows: [f], tasks: [other] });
    expect((await three.engine.recover()).hooksLeft).toHaveLength(3);
    const four = process(store, { flows: [f], tasks: [d.step] });
    expect(await four.engine.recover()).toMatchObject({ ended: [id], hooksLeft: [] });
    expect(d.lines).toEqual(['undo c', 'undo a', 'undo b']);
    expect(d.rollbacks[0]?.error).toMatchObject({ code: 'RECOVERIES_EXHAUSTED' });
    expect(await store.openRuns()).toEqual([]);
  });

  it('before it is run again: nothing is given that is yet to be undone', async () => {
    const store = durableStore();
    const { d, f, id } = await left(store);
    await process(store, { flows: [f] }).engine.recover();
    const two = process(store, { flows: [f] });
    expect(await (await two.engine.retry(id)).result()).toBe(1);
    // The first call makes the definition known, and so everything is undone.
    expect(d.lines).toEqual([
      'undo c',
      'undo a',
      'undo b',
      'do a',
      'do b',
      'do c',
      'commit b',
      'commit a',
      'commit c',
    ]);
    expect(await two.store.pendingHooks()).toEqual([]);
  });

  it('and is not run again by a definition that cannot undo it', async () => {
    const store = durableStore();
    const { d, f, id } = await left(store);
    await process(store, { flows: [f] }).engine.recover();
    const bare = task(async (name: string) => name, { name: 'step', key: (name) => name });
    const changed = flow(async () => bare.submit('a').outcome(), { name: 'f' });
    const two = process(store, { flows: [changed] });
    expect(await (await two.engine.retry(id)).result()).toMatchObject({
      ok: false,
      error: { code: 'ROLLBACK_LEFT' },
    });
    expect(d.lines).toEqual([]);
    expect(await two.store.pendingHooks()).toHaveLength(6);
  });

  it('to its end, at whichever step the process dies that rolls it back', async () => {
    for (let commit = 1; ; commit++) {
      let died = false;
      for (const moment of ['before', 'after'] as const) {
        const store = memoryRunStore();
        const { d, f, id } = await left(store, 0);
        const options = { flows: [f], tasks: [d.step] };
        const two = process(store, options, { commit, moment });
        const ended = two.engine.recover().then(() => 'ended');
        const dead = (two.store as ReturnType<typeof crashingRunStore>).died;
        if ((await Promise.race([dead.then(() => 'died'), ended])) === 'died') died = true;
        const three = process(store, options);
        await three.engine.recover();
        const undone = d.lines.filter((line, at) => line !== d.lines[at - 1]);
        expect(undone, `${commit} ${moment}`).toEqual(['undo c', 'undo a', 'undo b']);
        expect(d.lines.length).toBeLessThanOrEqual(4);
        expect(await marks(three, id)).toEqual([
          '-step COMPLETED',
          '-step COMPLETED',
          '-step COMPLETED',
          'wait CRASHED',
        ]);
        expect(await store.openRuns()).toEqual([]);
      }
      if (!died) break;
      expect(commit).toBeLessThan(30);
    }
  });
});

describe('a flow that goes on', () => {
  it('rolls back what a subflow of it left, whose recovery was refused', async () => {
    const store = durableStore();
    const d = new Diary();
    const wait = task(async () => new Promise<never>(() => undefined), { name: 'wait' });
    const inner = flow(
      async () =>
        transaction(async () => {
          await d.step('b');
          await wait();
        }),
      { name: 'inner', maxRecoveries: 0 },
    );
    const f = flow(
      async () =>
        transaction(async () => {
          await d.step('a');
          return inner().catch(codeOf);
        }),
      { name: 'f' },
    );
    const { id } = await process(store).engine.start(f, []);
    await turns();
    const two = process(store, { flows: [f], tasks: [d.step] });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('RECOVERIES_EXHAUSTED');
    expect(d.of('undo', 'commit')).toEqual(['undo b', 'commit a']);
    expect(await marks(two, id)).toEqual([
      'step COMPLETED',
      'inner CRASHED',
      '-step COMPLETED',
      'wait CRASHED',
    ]);
  });

  it('rolls back a transaction that its code does not reach any more', async () => {
    const store = durableStore();
    const d = new Diary();
    let old = true;
    const f = flow(
      async () => {
        if (!old) return 'changed';
        return transaction(async () => {
          await d.step('a');
          return new Promise<string>(() => undefined);
        });
      },
      { name: 'f' },
    );
    const { id } = await process(store).engine.start(f, []);
    await turns();
    old = false;
    const two = process(store, { flows: [f], tasks: [d.step] });
    const codes: string[] = [];
    two.engine.events.on('warning', ({ code }) => codes.push(code));
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('changed');
    expect(d.lines).toEqual(['do a', 'undo a']);
    expect(d.rollbacks[0]?.error).toMatchObject({ code: 'TRANSACTION_LEFT' });
    expect(await marks(two, id)).toEqual(['-step COMPLETED']);
    expect(codes).toEqual(['TRANSACTION_LEFT']);
  });

  it('calls the commit hooks of what it did not call itself, in a subflow that had ended', async () => {
    const store = durableStore();
    const d = new Diary();
    let hangs = true;
    const wait = task(async () => (hangs ? new Promise<number>(() => undefined) : 1), {
      name: 'wait',
    });
    const inner = flow(async () => d.step('b'), { name: 'inner' });
    const f = flow(
      async () =>
        transaction(async () => {
          await inner();
          return wait();
        }),
      { name: 'f' },
    );
    await process(store).engine.start(f, []);
    await turns();
    hangs = false;
    const two = process(store, { flows: [f] });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe(1);
    await turns();
    // Nobody knows the task any more: its hook stays due, although the transaction is committed.
    expect(d.lines).toEqual(['do b']);
    expect(await store.pendingHooks()).toMatchObject([{ hook: 'onCommit' }]);
    const three = process(store, { flows: [f], tasks: [d.step] });
    await three.engine.recover();
    expect(d.lines).toEqual(['do b', 'commit b']);
    expect(await store.openRuns()).toEqual([]);
  });
});
