import {
  flow,
  runContext,
  task,
  type Engine,
  type OpenRun,
  type RunId,
  type RunStore,
} from '@holdfast/core';
import {
  crashingRunStore,
  faultyRunStore,
  TestClock,
  type RunStoreFault,
} from '@holdfast/core/testing';
import { bench, durableStore, type Bench } from '../support.ts';

/** When the tests of this folder begin. */
export const START = Date.UTC(2026, 0, 5, 2);
export const HOUR = 3_600_000;

/** A process on a store that outlives it. */
export function processOn(store: RunStore, flows: readonly object[], at = START): Bench {
  return bench({ store: crashingRunStore(store, undefined), clock: new TestClock(at), flows });
}

/** The record, the lease and the cancel request of a run that has not ended. */
export async function openRun(store: RunStore, id: RunId): Promise<OpenRun | undefined> {
  return (await store.openRuns()).find(({ run }) => run.id === id);
}

export async function stateOf(engine: Engine, id: RunId) {
  return (await engine.find(id)).state();
}

/** What `step` was called with. */
export const executed: string[] = [];
export const step = task(
  async (name: string) => {
    executed.push(name);
    return name;
  },
  { name: 'step' },
);
/** Sleeps for an hour between two steps. */
export const nap = flow(
  async () => {
    await step('before');
    await runContext().sleep('1h');
    return step('after');
  },
  { name: 'nap' },
);

/** `nap`, asleep in a process that lives. */
export async function asleep(faults: readonly RunStoreFault[] = []) {
  executed.length = 0;
  const store = durableStore();
  const faulty = faultyRunStore(store, faults);
  const one = bench({ store: faulty, flows: [nap], clock: new TestClock(START) });
  const handle = await one.engine.start(nap, []);
  await one.clock.advance(1);
  return { store, one, handle, id: handle.id };
}
