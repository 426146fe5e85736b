import { describe, expect, it } from 'vitest';
import { flow, runContext, schedule, type FlowRun } from '@holdfast/core';
import { TestClock } from '@holdfast/core/testing';
import { aborted, bench, durableStore, expectNoUnhandledRejections, turns } from '../support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5, 2);

/** Engines on one store and one clock: two that serve schedules, and whoever works on their queues. */
function shared() {
  const store = durableStore();
  const clock = new TestClock(START + 1);
  return { store, clock };
}

function hoursOf(runs: readonly FlowRun[]): string[] {
  return runs.map((run) => `${((run.scheduled?.at ?? NaN) - START) / HOUR} ${run.state.name}`);
}

describe('a schedule that names a queue', () => {
  it('has its runs executed by whichever engine works on the queue, each once', async () => {
    const { store, clock } = shared();
    const by: string[] = [];
    const backup = (who: string) =>
      flow(async (hour: string) => void by.push(`${who} ${hour}`), { name: 'backup' });
    const hourly = (who: string) =>
      schedule(backup(who), {
        cron: '0 * * * *',
        queue: 'nights',
        args: (at) => [at.toISOString().slice(11, 13)],
      });
    const one = bench({ store, clock, schedules: [hourly('one')] }).engine;
    const two = bench({ store, clock, schedules: [hourly('two')] }).engine;
    await one.serve();
    await two.serve();
    const worker = bench({ store, clock, flows: [backup('worker')] }).engine;
    await worker.work({ queues: ['nights'] });
    await clock.advance(2 * HOUR);
    expect(by).toEqual(['worker 03', 'worker 04']);
    const runs = (await one.runs({ name: 'backup', order: 'oldest' })) as readonly FlowRun[];
    expect(hoursOf(runs)).toEqual(['1 Completed', '2 Completed']);
    expect(runs.map(({ queue }) => queue)).toEqual(['nights', 'nights']);
    await Promise.all([one.stop(), two.stop(), worker.stop()]);
  });

  it('skips an occurrence while the run of an earlier one waits on its queue', async () => {
    const { store, clock } = shared();
    const backup = flow(async () => 'done', { name: 'backup' });
    const hourly = schedule(backup, { cron: '0 * * * *', queue: 'nights' });
    const { engine } = bench({ store, clock, schedules: [hourly] });
    await engine.serve();
    await clock.advance(3 * HOUR);
    const runs = (await engine.runs({ name: 'backup', order: 'oldest' })) as readonly FlowRun[];
    expect(hoursOf(runs)).toEqual(['1 Scheduled', '2 Overlap', '3 Overlap']);
    await engine.stop();
  });

  it('cancels the run of an earlier occurrence in its worker, where it is to', async () => {
    const { store, clock } = shared();
    let told = 0;
    const signals: AbortSignal[] = [];
    const backup = flow(
      async () => {
        const { signal } = runContext();
        signals.push(signal);
        if (signals.length > 1) return;
        await aborted(signal);
        told++;
        signal.throwIfAborted();
      },
      { name: 'backup' },
    );
    const hourly = schedule(backup, {
      cron: '0 * * * *',
      queue: 'nights',
      overlap: 'cancelRunning',
    });
    const { engine } = bench({ store, clock, schedules: [hourly] });
    await engine.serve();
    const worker = bench({ store, clock, flows: [backup] }).engine;
    await worker.work({ queues: ['nights'] });
    await clock.advance(2 * HOUR + 60_000);
    await turns(60);
    expect(told).toBe(1);
    const runs = (await engine.runs({ name: 'backup', order: 'oldest' })) as readonly FlowRun[];
    expect(hoursOf(runs)).toEqual(['1 Cancelled', '2 Completed']);
    await Promise.all([engine.stop(), worker.stop()]);
  });

  it('refuses names that are none', () => {
    const backup = flow(async () => 'done', { name: 'backup' });
    expect(() => schedule(backup, { every: '1h', queue: '' })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
  });
});
