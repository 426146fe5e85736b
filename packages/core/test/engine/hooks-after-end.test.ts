import { expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';

const HOUR = 3_600_000;

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
  const undisturbed = crashingRunStore(memoryRunStore(), undefined);
  const counting = createEngine({ store: undisturbed, flows: [whole] });
  let ended = 0;
  counting.events.on('state', ({ run, state }) => {
    if (run.kind === 'flow' && state.type === 'COMPLETED') ended = undisturbed.commits;
  });
  await counting.run(whole);
  expect(told.splice(0)).toEqual(['step done', 'whole done']);

  const inner = memoryRunStore();
  const store = crashingRunStore(inner, { commit: ended, moment: 'after' });
  const first = createEngine({ store, flows: [whole], clock: new TestClock(0) });
  void first.start(whole, []);
  await store.died;
  told.splice(0);

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
