import { describe, expect, it } from 'vitest';
import { flow, memoryRunStore, runContext, transaction, type RunStore } from '@holdfast/core';
import { crashingRunStore, TestClock, type CrashPoint } from '@holdfast/core/testing';
import {
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
  type Bench,
} from '../engine/support.ts';
import { codeOf, Diary } from './support.ts';

expectNoUnhandledRejections();

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;

function process(store: RunStore, at: number, more: object = {}, dies?: CrashPoint): Bench {
  return bench({ store: crashingRunStore(store, dies), clock: new TestClock(at), ...more });
}

/** A process dies in a transaction of a subflow, which stands in another one. The subflow has an hour. */
async function died(store: RunStore) {
  const d = new Diary();
  const state = { hangs: true };
  const inner = flow(
    async () => {
      await transaction(() => d.step('joined'), { name: 'first' });
      await transaction(
        async () => {
          await d.step('open');
          if (state.hangs) await new Promise(() => undefined);
        },
        { name: 'second' },
      );
    },
    { name: 'inner', deadline: '1h' },
  );
  const f = flow(
    async () =>
      transaction(async () => {
        await d.step('outer');
        return inner().catch(codeOf);
      }),
    { name: 'f' },
  );
  await process(store, START).engine.start(f, []);
  await turns();
  expect(d.lines).toEqual(['do outer', 'do joined', 'do open']);
  state.hangs = false;
  d.clear();
  return { d, f, options: { flows: [f], tasks: [d.step] } };
}

describe('what a subflow left open in a transaction that ends without its code', () => {
  it('is undone, while the one around it commits, with what had joined it', async () => {
    const store = durableStore();
    const { d, options } = await died(store);
    const two = process(store, START + 2 * HOUR, options);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('DEADLINE_PASSED');
    expect(d.lines).toEqual(['undo open', 'commit joined', 'commit outer']);
    expect(d.rollbacks[0]?.error).toMatchObject({ code: 'DEADLINE_PASSED' });
    expect(await store.pendingHooks()).toEqual([]);
  });

  it('is never committed, at whichever step the process dies that takes it up', async () => {
    let crashes = 0;
    for (let commit = 1; ; commit++) {
      let died2 = false;
      for (const moment of ['before', 'after'] as const) {
        const store = memoryRunStore();
        const { d, options } = await died(store);
        const two = process(store, START + 2 * HOUR, options, { commit, moment });
        const dead = (two.store as ReturnType<typeof crashingRunStore>).died.then(() => 'died');
        const ended = two.engine.recover().then(({ resumed }) => resumed[0]?.outcome());
        if ((await Promise.race([dead, ended])) === 'died') {
          died2 = true;
          crashes++;
        }
        const three = process(store, START + 4 * HOUR, options);
        const { resumed } = await three.engine.recover();
        await resumed[0]?.result();
        const seen = d.lines.filter((line, at) => line !== d.lines[at - 1]);
        expect(seen, `${commit} ${moment}`).toEqual(['undo open', 'commit joined', 'commit outer']);
        expect(await store.openRuns()).toEqual([]);
      }
      if (!died2) break;
    }
    expect(crashes).toBeGreaterThan(10);
  }, 30_000);
});

it('what a flow left open whose time is over is undone, and the hooks are told of that', async () => {
  const store = durableStore();
  const d = new Diary();
  const f = flow(
    async () =>
      transaction(async () => {
        await d.step('a');
        await new Promise(() => undefined);
      }),
    { name: 'f', deadline: '1h' },
  );
  const { id } = await process(store, START).engine.start(f, []);
  await turns();
  const two = process(store, START + 2 * HOUR, { flows: [f], tasks: [d.step] });
  const { resumed } = await two.engine.recover();
  await resumed[0]?.outcome();
  expect((await two.store.run(id))?.state).toMatchObject({ type: 'FAILED' });
  expect(d.lines).toEqual(['do a', 'undo a']);
  expect(d.rollbacks[0]?.error).toMatchObject({ code: 'DEADLINE_PASSED' });
  expect(await store.openRuns()).toEqual([]);
});

it('a transaction may sleep over the end of its process', async () => {
  const store = durableStore();
  const d = new Diary();
  const f = flow(
    async () =>
      transaction(async () => {
        await d.step('a');
        await runContext().sleep('1h');
        return d.step('b');
      }),
    { name: 'f' },
  );
  const one = process(store, START);
  const { id } = await one.engine.start(f, []);
  await turns();
  expect((await store.run(id))?.state.name).toBe('Sleeping');
  await one.engine.stop();
  const two = process(store, START + 2 * HOUR, { flows: [f] });
  const { resumed } = await two.engine.recover();
  expect(await resumed[0]?.result()).toBe('b');
  expect(d.lines).toEqual(['do a', 'do b', 'commit a', 'commit b']);
});

it('a run that is being rolled back is at work, though its other code sleeps', async () => {
  const d = new Diary();
  const called = gate();
  const go = gate();
  const slow = d.step.with({
    onRollback: async () => {
      called.open();
      await go.opened;
    },
  });
  const f = flow(
    async () =>
      Promise.all([
        transaction(async () => {
          await slow('a');
          throw Object.assign(new Error('no'), { code: 'E_NO' });
        }).catch(codeOf),
        runContext().sleep('1h'),
      ]),
    { name: 'f' },
  );
  const b = process(durableStore(), START);
  const handle = await b.engine.start(f, []);
  await called.opened;
  await turns();
  expect((await handle.state()).name).toBe('Running');
  go.open();
  await turns();
  expect((await handle.state()).name).toBe('Sleeping');
  expect(await b.clock.runUntil(handle.result())).toEqual(['E_NO', undefined]);
});
