import { expect, it } from 'vitest';
import {
  createEngine,
  flow,
  isTerminal,
  memoryRunStore,
  task,
  type RunStore,
  type Write,
} from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';

const HOUR = 3_600_000;

function endsFlow(write: Write): boolean {
  return write.kind === 'run' && write.run.kind === 'flow' && isTerminal(write.run.state);
}

/** The store of a process that dies with the commit of its flow's end, which is made all the same. */
function dyingAtEnd(inner: RunStore): { store: RunStore; died: Promise<void> } {
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  let dead = false;
  const commit: RunStore['commit'] = async (writes, durability) => {
    const outcomes = dead ? [] : await inner.commit(writes, durability);
    if (!dead && !writes.some(endsFlow)) return outcomes;
    dead = true;
    die();
    return new Promise(() => undefined);
  };
  const store = new Proxy(inner, {
    get: (target, member) => {
      if (member === 'commit') return commit;
      const value: unknown = Reflect.get(target, member, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { store, died };
}

it('delivers hooks that were due when the process died after the end of the run', async () => {
  const told: string[] = [];
  const step = task(async () => 'done', {
    name: 'step',
    onSuccess: (value) => void told.push(`step ${value}`),
  });
  const whole = flow(async () => step(), {
    name: 'whole',
    onSuccess: (value) => void told.push(`whole ${value}`),
  });
  const inner = memoryRunStore();
  const { store, died } = dyingAtEnd(inner);
  const first = createEngine({ store, flows: [whole], clock: new TestClock(0) });
  void first.start(whole, []);
  await died;
  expect(told).not.toContain('whole done');

  // Another process, long after: the lease of the dead one has expired.
  const next = createEngine({
    store: crashingRunStore(inner, undefined),
    flows: [whole],
    tasks: [step],
    clock: new TestClock(HOUR),
  });
  const report = await next.recover();
  expect(report.ended).toHaveLength(1);
  expect(told).toContain('whole done');
  expect(await inner.openRuns()).toEqual([]);
  expect((await next.recover()).ended).toEqual([]);
});
