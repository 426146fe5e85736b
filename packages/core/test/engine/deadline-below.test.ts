import { describe, expect, it } from 'vitest';
import { flow, runContext, task } from '@holdfast/core';
import { aborted, bench, expectNoUnhandledRejections, gate, statesBelow } from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

const obedient = async (): Promise<never> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

describe('what a run with a deadline starts', () => {
  it('is bound by it: told to stop, failed as timed out, never started afterwards', async () => {
    const g = gate();
    const called: string[] = [];
    const running = task(obedient, { name: 'running', retries: 3 });
    const waiting = task(async (n: unknown) => called.push(String(n)), { name: 'waiting' });
    const after = task(async () => called.push('after'), { name: 'after' });
    const inner = flow(
      async () => {
        void waiting.submit(running.submit());
        await running
          .with({ name: 'beside' })()
          .catch(() => undefined);
        await after().catch(() => g.open());
      },
      { name: 'inner' },
    );
    const f = flow(() => inner(), { name: 'f', deadline: '1h', retries: 2 });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { code: 'DEADLINE_PASSED' },
    });
    await g.opened;
    expect(called).toEqual([]);
    expect((await statesBelow(b, handle.id)).toSorted()).toEqual([
      'after FAILED/TimedOut',
      'beside FAILED/TimedOut',
      'inner FAILED/TimedOut',
      'running FAILED/TimedOut',
      'waiting FAILED/TimedOut',
    ]);
    const cut = (await b.engine.below(handle.id)).find(({ name }) => name === 'running');
    expect(cut?.state).toMatchObject({
      error: {
        message: expect.stringMatching(/^'running' did not end in time: the deadline of 'f'/),
      },
    });
  });

  it('fails at once where its own retry would come too late', async () => {
    const failing = task(
      async () => {
        throw new Error('no');
      },
      { name: 'failing', retries: { limit: 1, delay: '2h' } },
    );
    const f = flow(
      async () => {
        const outcome = await failing.submit().outcome();
        return outcome.ok || [(outcome.error as { code?: string }).code, outcome.error.cause];
      },
      { name: 'f', deadline: '1h' },
    );
    const b = bench();
    expect(await b.engine.run(f)).toMatchObject(['DEADLINE_PASSED', { message: 'no' }]);
    expect(b.told).not.toContain('failing SCHEDULED/AwaitingRetry');
  });

  it('ends with the flow: one that returned before its tasks ended has not ended in time', async () => {
    const slow = task(obedient, { name: 'slow' });
    const f = flow(async () => void slow.submit(), { name: 'f', deadline: '1h' });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.outcome())).toMatchObject({
      error: { code: 'DEADLINE_PASSED' },
    });
    expect(await handle.state()).toMatchObject({ name: 'TimedOut' });
  });

  it('knows the nearest end: its own, or that of what started it', async () => {
    const seen: unknown[] = [];
    const look = async (): Promise<void> => {
      const { deadline, remaining } = runContext();
      seen.push([deadline?.toISOString().slice(11, 16), remaining()]);
    };
    const free = flow(async () => task(look, { name: 'free' })(), { name: 'g' });
    const f = flow(
      async () => {
        await task(look, { name: 'inherits' })();
        await task(look, { name: 'nearer', deadline: '30m' })();
        await task(look, { name: 'later', deadline: '3h' })();
        await task(look, { name: 'w', window: { opens: '02:00', closes: '02:45' } })();
      },
      { name: 'f', deadline: '1h' },
    );
    const b = bench();
    await b.engine.run(f);
    await b.engine.run(free);
    expect(seen).toEqual([
      ['03:00', HOUR],
      ['02:30', 0.5 * HOUR],
      ['03:00', HOUR],
      ['02:45', 0.75 * HOUR],
      [undefined, Infinity],
    ]);
  });
});
