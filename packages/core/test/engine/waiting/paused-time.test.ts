import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { bench, durableStore, expectNoUnhandledRejections, statesBelow } from '../support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

const sleeps = async (): Promise<string> => {
  await runContext().sleep('10h');
  return 'slept';
};

describe('the time of a paused run', () => {
  it.each([
    ['deadline', { deadline: '2h' }, 'TimedOut', 'DEADLINE_PASSED'],
    ['window', { window: { opens: '01:00', closes: '04:00' } }, 'WindowClosed', 'WINDOW_CLOSED'],
  ] as const)('goes on, and its %s ends it', async (_which, options, name, code) => {
    const b = bench();
    const handle = await b.engine.start(flow(sleeps, { name: 'f', ...options }), []);
    await b.clock.advance(2 * HOUR - 1);
    expect(await handle.state()).toMatchObject({ type: 'PAUSED', name: 'Sleeping' });
    await b.clock.advance(1);
    expect(await handle.outcome()).toMatchObject({ state: 'FAILED', error: { code } });
    expect(await handle.state()).toMatchObject({ type: 'FAILED', name });
    expect((await b.store.openRuns()).map(({ run }) => run.id)).toEqual([]);
  });

  it('ends what sleeps below it', async () => {
    const b = bench();
    const t = task(sleeps, { name: 't' });
    const handle = await b.engine.start(
      flow(() => t(), { name: 'f', deadline: '2h' }),
      [],
    );
    await b.clock.advance(HOUR);
    expect(await statesBelow(b, handle.id)).toEqual(['t PAUSED/Sleeping']);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { code: 'DEADLINE_PASSED' },
    });
    expect(await statesBelow(b, handle.id)).toEqual(['t FAILED/TimedOut']);
  });

  it('is over for a run that no process holds, as soon as somebody looks', async () => {
    const store = durableStore();
    let attempts = 0;
    const f = flow(
      async () => {
        attempts++;
        return sleeps();
      },
      { name: 'f', deadline: '2h' },
    );
    const one = bench({ store });
    const handle = await one.engine.start(f, []);
    await one.clock.advance(HOUR);
    await one.engine.stop();
    const two = bench({ store, flows: [f], clock: one.clock });
    expect(await two.engine.serve()).toMatchObject({ waiting: [{ runId: handle.id }] });
    await two.clock.advance(HOUR - 1);
    expect((await two.engine.runs())[0]?.state.type).toBe('PAUSED');
    await two.clock.advance(60_000);
    expect((await two.engine.runs())[0]?.state).toMatchObject({
      name: 'TimedOut',
      error: { code: 'DEADLINE_PASSED' },
    });
    expect(attempts).toBe(1);
    await two.engine.stop();
  });

  it('leaves it its sleep where that is shorter', async () => {
    const b = bench();
    const f = flow(sleeps, { name: 'f', deadline: '11h' });
    expect(await b.clock.runUntil(b.engine.run(f))).toBe('slept');
  });
});
