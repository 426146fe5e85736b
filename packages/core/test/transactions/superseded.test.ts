import { expect, it } from 'vitest';
import { flow, task, transaction } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from '../engine/support.ts';
import { codeOf } from './support.ts';

expectNoUnhandledRejections();

/** A flow whose process dies in an open transaction, after two of its tasks. */
async function died() {
  const store = durableStore();
  const lines: string[] = [];
  const state = { hangs: true, day: 1 };
  const dump = task(async () => `dump ${state.day}`, {
    name: 'dump',
    stillValid: (value) => value === `dump ${state.day}`,
    onCommit: (value) => void lines.push(`commit ${value}`),
    onRollback: (value, { error }) => void lines.push(`undo ${value} ${codeOf(error)}`),
  });
  const copy = task(async (value: string) => `copy of ${value}`, {
    name: 'copy',
    key: () => 'copy',
    onCommit: (value) => void lines.push(`commit ${value}`),
    onRollback: (value, { error }) => void lines.push(`undo ${value} ${codeOf(error)}`),
  });
  const f = flow(
    async () =>
      transaction(async () => {
        const copied = await copy.submit(dump.submit());
        return state.hangs ? new Promise<string>(() => undefined) : copied;
      }),
    { name: 'f' },
  );
  await bench({ store: crashingRunStore(store, undefined) }).engine.start(f, []);
  await turns();
  state.hangs = false;
  const resume = async (): Promise<unknown> => {
    const two = bench({ store, flows: [f], clock: new TestClock(Date.UTC(2027, 0, 1)) });
    const { resumed } = await two.engine.recover();
    return resumed[0]?.result();
  };
  return { store, lines, state, resume };
}

it('what no longer counts is undone before it is done anew, with what took it; the new is committed', async () => {
  const { store, lines, state, resume } = await died();
  state.day = 2;
  expect(await resume()).toBe('copy of dump 2');
  expect(lines).toEqual([
    'undo dump 1 RUN_SUPERSEDED',
    'undo copy of dump 1 RUN_SUPERSEDED',
    'commit dump 2',
    'commit copy of dump 2',
  ]);
  expect(await store.pendingHooks()).toEqual([]);
});

it('what still counts stands', async () => {
  const { lines, resume } = await died();
  expect(await resume()).toBe('copy of dump 1');
  expect(lines).toEqual(['commit dump 1', 'commit copy of dump 1']);
});
