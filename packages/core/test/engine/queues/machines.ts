import {
  type Engine,
  type EngineOptions,
  type RunId,
  type RunStore,
  type TaskRun,
} from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { bench, durableStore } from '../support.ts';

/** Several engines on one store and one clock: those whose flows call tasks, and those who execute them. */
export function machines(store: RunStore = durableStore()): {
  readonly store: RunStore;
  readonly clock: TestClock;
  readonly machine: (options?: Partial<EngineOptions>) => Engine;
} {
  const clock = new TestClock();
  const machine = (options: Partial<EngineOptions> = {}): Engine =>
    bench({ store, clock, ...options }).engine;
  return { store, clock, machine };
}

/** The one task run below a flow run. */
export async function taskOf(engine: Engine, id: RunId): Promise<TaskRun> {
  const [run] = await engine.below(id);
  if (run?.kind !== 'task') throw new Error('there is no task');
  return run;
}
