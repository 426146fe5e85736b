import { expectTypeOf, it } from 'vitest';
import {
  collectFlows,
  collectTasks,
  createEngine,
  memoryRunStore,
  type SomeFlow,
  type SomeTask,
} from '@holdfast/core';
import * as sample from './sample.ts';

it('flows and tasks are collected from instances and modules', () => {
  expectTypeOf(collectFlows(sample)).toEqualTypeOf<SomeFlow[]>();
  expectTypeOf(collectTasks(sample)).toEqualTypeOf<SomeTask[]>();
  expectTypeOf(sample.count).toExtend<SomeFlow>();
  expectTypeOf(sample.dump).toExtend<SomeTask>();
  expectTypeOf(sample.dump).not.toExtend<SomeFlow>();
  createEngine({
    store: memoryRunStore(),
    flows: collectFlows(sample),
    tasks: collectTasks(sample),
  });
});

it('refuses what can hold none', () => {
  // @ts-expect-error -- the path of a module is no module
  collectFlows('./flows.ts');
  // @ts-expect-error -- nothing is no module
  collectTasks(undefined);
  const [first] = collectFlows(sample);
  // @ts-expect-error -- what it takes is not known: name the flow itself to call it
  void first?.(1);
});
