import { describe, expect, it } from 'vitest';
import { allowFailure, flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep, type CrashPoint } from '@holdfast/core/testing';

/** Which tasks were executed, by what they were given. */
const executed: string[] = [];
const counting = { prepare: () => void executed.splice(0) };

const square = task(
  async (n: number) => {
    executed.push(`square ${n}`);
    return n * n;
  },
  { name: 'square' },
);
const sum = task(async (list: number[]) => list.reduce((a, b) => a + b, 0), { name: 'sum' });
const failing = task(
  async (text: string): Promise<string> => {
    throw Object.assign(new Error(text), { code: 'E_NO' });
  },
  { name: 'failing' },
);

describe('crashAtEveryStep', () => {
  it('gives the same result over tasks, futures, maps and subflows', async () => {
    const inner = flow(async (n: number) => square(n + 1), { name: 'inner' });
    const outer = flow(
      async (numbers: number[]) => {
        const squares = square.map(numbers);
        const total = sum(await squares);
        return { total: await total, squares, inner: await inner(2) };
      },
      { name: 'outer' },
    );
    const report = await crashAtEveryStep(outer, { args: [[1, 2, 3]] });
    expect(report.result).toEqual({ total: 14, squares: [1, 4, 9], inner: 9 });
    expect(report.crashes).toBeGreaterThan(12);
  });

  it('replays failures, so that branches go the way they went', async () => {
    let tries = 0;
    const flaky = task(
      async () => {
        tries++;
        if (tries === 1) throw Object.assign(new Error('first'), { code: 'E_FIRST' });
        return 'second';
      },
      { name: 'flaky' },
    );
    const branching = flow(
      async () => {
        const outcome = await flaky.submit().outcome();
        if (outcome.ok) return `went on with ${outcome.value}`;
        return `branched on ${(outcome.error as Error & { code: string }).code}, then ${await flaky()}`;
      },
      { name: 'branching' },
    );
    const report = await crashAtEveryStep(branching, {
      prepare: () => {
        tries = 0;
      },
      // A crash that hits the first outcome before it is kept makes that attempt again: it may succeed then.
      same: (expected, actual) => actual === expected || actual === 'went on with second',
    });
    expect(report.result).toBe('branched on E_FIRST, then second');
  });

  it('does not execute a completed task again', async () => {
    const twice = flow(async () => (await square(2)) + (await square(3)), { name: 'twice' });
    const seen: { crash: CrashPoint; squares: number }[] = [];
    await crashAtEveryStep(twice, {
      ...counting,
      check: (crash) => {
        seen.push({ crash, squares: executed.filter((line) => line === 'square 2').length });
      },
    });
    // Only a crash between the start and the kept outcome of `square 2` may execute it twice.
    expect(Math.max(...seen.map(({ squares }) => squares))).toBeLessThanOrEqual(2);
    const repeated = seen.filter(({ squares }) => squares === 2);
    expect(repeated.map(({ crash }) => `${crash.moment} ${crash.commit}`)).toEqual(['before 4']);
  });

  it('goes on with a backoff and with the attempts that were used up', async () => {
    const attempts: number[] = [];
    const stubborn = task(
      async () => {
        attempts.push(runContext().attempt);
        if (runContext().attempt < 3) throw new Error('not yet');
        return runContext().attempt;
      },
      {
        name: 'stubborn',
        retries: { limit: 2, delay: '1h', backoff: 'exponential', jitter: true },
      },
    );
    const retrying = flow(async () => stubborn(), { name: 'retrying' });
    const report = await crashAtEveryStep(retrying, {
      prepare: () => void attempts.splice(0),
      check: () => expect(Math.max(...attempts)).toBe(3),
    });
    expect(report.result).toBe(3);
  });

  it('records time and chance', async () => {
    const stamped = task(async (at: number, id: string) => `${at} ${id}`, { name: 'stamped' });
    const timed = flow(
      async () => {
        const ctx = runContext();
        const [at, id] = [ctx.now(), ctx.uuid()];
        const text = await stamped(at, id);
        return { same: text === `${at} ${id}`, again: (await stamped(at, id)) === text };
      },
      { name: 'timed' },
    );
    expect((await crashAtEveryStep(timed)).result).toEqual({ same: true, again: true });
  });

  it('keeps what failed beside allowFailure', async () => {
    const report = flow(
      async () => {
        const outcome = await allowFailure(failing.submit('so it is'));
        return outcome.ok ? 'ok' : [outcome.state, (outcome.error as { code?: string }).code];
      },
      { name: 'report' },
    );
    expect((await crashAtEveryStep(report)).result).toEqual(['FAILED', 'E_NO']);
  });

  it('complains of a flow that gives something else after a crash', async () => {
    let calls = 0;
    const forgetful = flow(async () => (await square(1)) + calls++, { name: 'forgetful' });
    await expect(crashAtEveryStep(forgetful, { prepare: () => void (calls = 0) })).rejects.toThrow(
      'After a crash',
    );
  });
});
