import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type FlowHandle, type TaskOptions } from '@holdfast/core';
import {
  aborted,
  bench,
  expectNoUnhandledRejections,
  gate,
  statesBelow,
  turns,
  type Bench,
} from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

/** Waits for its signal, and gives up then. */
const obedient = async (): Promise<never> => {
  const { signal } = runContext();
  await aborted(signal);
  throw signal.reason;
};

function taskOf(fn: () => Promise<unknown>, options: TaskOptions<[], unknown>) {
  return task(fn, { name: 't', ...options });
}

async function outcomeOf(b: Bench, handle: FlowHandle<unknown>): Promise<unknown> {
  return b.clock.runUntil(handle.result().catch((error: unknown) => error));
}

/** Runs a task in a flow; gives how that ended, when, and the run of the task. */
async function run(t: () => Promise<unknown>) {
  const b = bench();
  const begun = b.clock.now();
  const handle = await b.engine.start(
    flow(() => t(), { name: 'f' }),
    [],
  );
  const error = await outcomeOf(b, handle);
  const [child] = await b.engine.below(handle.id);
  return { b, error, after: b.clock.now() - begun, run: child, flow: await handle.run() };
}

describe('a deadline', () => {
  it('tells what is under way to stop, and fails it as timed out, without a retry', async () => {
    const reasons: unknown[] = [];
    const t = taskOf(
      async () => {
        const { signal } = runContext();
        await aborted(signal);
        reasons.push(signal.reason);
        return 'too late';
      },
      { deadline: '10m', retries: 5 },
    );
    const { error, after, run: child } = await run(t);
    expect(after).toBe(600_000);
    expect(reasons).toMatchObject([{ code: 'DEADLINE_PASSED', context: { of: 't' } }]);
    expect(error).toMatchObject({
      code: 'DEADLINE_PASSED',
      message: "'t' did not end in time: the deadline of 't' passed at 2026-01-05T02:10:00.000Z.",
      context: { bound: 'deadline', of: 't', at: '2026-01-05T02:10:00.000Z' },
    });
    expect(child).toMatchObject({
      state: { type: 'FAILED', name: 'TimedOut', error: { code: 'DEADLINE_PASSED' } },
      attempts: 1,
      bounds: { deadline: Date.UTC(2026, 0, 5, 2, 10) },
    });
  });

  it('counts over attempts and the waits between them, unlike a timeout', async () => {
    let attempts = 0;
    const slow = async (): Promise<never> => {
      attempts++;
      return obedient();
    };
    const retries = { limit: 100, delay: '3m' } as const;
    const { after, run: child } = await run(
      taskOf(slow, { deadline: '10m', timeout: '2m', retries }),
    );
    // Attempts from 0 to 2, from 5 to 7, and from 10 on none.
    expect(attempts).toBe(2);
    expect(after).toBe(7 * 60_000);
    expect(child).toMatchObject({
      state: { name: 'TimedOut', error: { code: 'DEADLINE_PASSED' } },
    });
  });

  it('fails at once what could be tried again only later, with the real error as its cause', async () => {
    class Busy extends Error {}
    const busy = taskOf(
      async () => {
        throw new Busy('database is busy');
      },
      { deadline: '10m', retries: { limit: 3, delay: '10m' } },
    );
    const { error, after, run: child } = await run(busy);
    expect(after).toBe(0);
    expect(error).toMatchObject({
      code: 'DEADLINE_PASSED',
      message:
        "'t' failed, and could not be tried again in time: the deadline of 't' passes at 2026-01-05T02:10:00.000Z.",
    });
    expect((error as Error).cause).toBeInstanceOf(Busy);
    expect(child?.state).toMatchObject({
      type: 'FAILED',
      name: 'TimedOut',
      error: { code: 'DEADLINE_PASSED', cause: { message: 'database is busy' } },
    });
  });

  it('leaves alone a retry that begins in time, and what ends in time', async () => {
    const t = taskOf(
      async () => {
        if (runContext().attempt === 1) throw new Error('once');
        return 'done';
      },
      { deadline: '10m', retries: { limit: 1, delay: 600_000 - 1 } },
    );
    const { error, b } = await run(t);
    expect(error).toBe('done');
    expect(b.clock.waiting).toBe(0);
  });

  it('may be a date', async () => {
    const at = new Date(Date.UTC(2026, 0, 5, 2, 0, 30));
    const { error, after } = await run(taskOf(obedient, { deadline: at }));
    expect(error).toMatchObject({ code: 'DEADLINE_PASSED' });
    expect(after).toBe(30_000);
    const past = await run(taskOf(async () => 1, { deadline: new Date(0) }));
    expect(past.run).toMatchObject({ state: { name: 'TimedOut' }, attempts: 0 });
    expect(past.error).toMatchObject({
      message: expect.stringContaining('could not start in time'),
    });
  });

  it('waits for the function within its grace, and no longer', async () => {
    const g = gate();
    const late: unknown[] = [];
    const other = task(async () => 1, { name: 'other' });
    const deaf = taskOf(
      async () => {
        const ctx = runContext();
        await g.opened;
        for (const act of [() => ctx.now(), () => ctx.remaining()]) {
          try {
            late.push(act());
          } catch (error) {
            late.push((error as { code: string }).code);
          }
        }
        await other().catch((error: unknown) => late.push((error as { code: string }).code));
      },
      { deadline: '1m', grace: '20s', retries: 2 },
    );
    const { after, run: child, b } = await run(deaf);
    expect(after).toBe(80_000);
    expect(child?.state).toMatchObject({ name: 'TimedOut' });
    g.open();
    await turns();
    expect(late).toEqual(['RUN_ENDED', 'RUN_ENDED', 'RUN_ENDED']);
    expect(b.told).not.toContain('other RUNNING/Running');
  });

  it('is no cancel: what the code did wrong before it is told as it was', async () => {
    const { run: child } = await run(
      taskOf(
        async () => {
          throw new Error('by itself');
        },
        { deadline: '1m' },
      ),
    );
    expect(child?.state).toMatchObject({ name: 'Failed', error: { message: 'by itself' } });
  });
});

describe('a run that has not started', () => {
  it('fails at its deadline while it waits for what it needs', async () => {
    const g = gate();
    const slow = task(async () => g.opened, { name: 'slow' });
    const needs = task(async (n: unknown) => n, { name: 'needs', deadline: '5m' });
    const f = flow(
      async () => {
        const outcome = await needs.submit(slow.submit()).outcome();
        g.open();
        return outcome.ok ? 'ok' : [outcome.state, (outcome.error as { code?: string }).code];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.result())).toEqual(['FAILED', 'DEADLINE_PASSED']);
    expect((await statesBelow(b, handle.id)).toSorted()).toEqual([
      'needs FAILED/TimedOut',
      'slow COMPLETED/Completed',
    ]);
    expect(b.clock.now() - Date.UTC(2026, 0, 5, 2)).toBe(300_000);
  });

  it('fails at its deadline while it waits for its window', async () => {
    const window = { opens: '04:00', closes: '05:00' };
    const { after, run: child } = await run(taskOf(async () => 1, { deadline: '1h', window }));
    expect(after).toBe(HOUR);
    expect(child).toMatchObject({ state: { name: 'TimedOut' }, attempts: 0 });
  });
});

it('is checked when it is defined', () => {
  for (const deadline of [0, -1, 'soon', new Date(NaN), 'PT1H']) {
    expect(() => flow(async () => 1, { name: 'f', deadline })).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(?:OPTIONS|DURATION)_INVALID$/),
      }),
    );
  }
});
