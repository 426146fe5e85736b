import { describe, expect, it } from 'vitest';
import { currentProcess, formatIdentity } from '@holdfast/core/process';
import { flow, memoryRunStore, runContext, task, type RunStore } from '@holdfast/core';
import { crashingRunStore, TestClock, type CrashPoint } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, turns } from '../support.ts';

expectNoUnhandledRejections();

const forever = (): Promise<never> => new Promise(() => undefined);
const HOUR = 3_600_000;

function machine(store: RunStore, clock: TestClock, flows: object[], more = {}) {
  return bench({ store: crashingRunStore(store, undefined), clock, flows, ...more });
}

describe('a run on a queue whose worker died', () => {
  it('goes to another once its lease has expired, and goes on where it was', async () => {
    const store = durableStore();
    const clock = new TestClock();
    let hangs = true;
    const calls: string[] = [];
    const first = task(async () => calls.push('first'), { name: 'first' });
    const second = task(async () => (hangs ? forever() : calls.push('second')), { name: 'second' });
    const f = flow(async () => [await first(), await second()], { name: 'f' });
    const app = machine(store, clock, []);
    const handle = await app.engine.enqueue(f, []);
    const dying = new TestClock();
    await machine(store, dying, [f]).engine.work();
    await turns(60);
    expect(calls).toEqual(['first']);
    hangs = false;
    await machine(store, clock, [f]).engine.work();
    await clock.advance(29_999);
    expect(calls).toEqual(['first']);
    expect(await clock.runUntil(handle.result())).toEqual([1, 2]);
    expect(calls).toEqual(['first', 'second']);
    expect((await handle.run()).recoveries).toBe(1);
  });

  it('goes to another at once where it is seen to be dead', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const f = flow(async () => 'done', { name: 'f' });
    const app = machine(store, clock, []);
    const handle = await app.engine.enqueue(f, []);
    // A process that had our pid before us.
    const gone = formatIdentity({ ...currentProcess(), startTime: '1' });
    const dead = { holder: `${gone} x`, ttl: HOUR };
    const [claim] = await store.claim({
      ...dead,
      now: clock.now(),
      limit: 1,
      queues: ['default'],
      flows: ['f'],
      tasks: [],
    });
    expect(claim?.run.id).toBe(handle.id);
    await machine(store, clock, [f]).engine.work();
    await turns(60);
    expect(await handle.state()).toMatchObject({ type: 'COMPLETED', result: { inline: 'done' } });
  });

  it('is left alone by engines that recover, and do not work on its queue', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const f = flow(() => forever(), { name: 'f' });
    const handle = await machine(store, clock, []).engine.enqueue(f, []);
    await machine(store, new TestClock(), [f]).engine.work();
    await turns(60);
    await clock.advance(HOUR);
    const report = await machine(store, clock, [f]).engine.recover();
    expect(report).toMatchObject({ resumed: [], heldElsewhere: [handle.id] });
  });

  it('is stopped with its engine, and goes to another at once', async () => {
    const store = durableStore();
    const clock = new TestClock();
    let hangs = true;
    const f = flow(
      async () => {
        if (hangs)
          await new Promise((resolve) => runContext().signal.addEventListener('abort', resolve));
        runContext().signal.throwIfAborted();
        return 'done';
      },
      { name: 'f' },
    );
    const handle = await machine(store, clock, []).engine.enqueue(f, []);
    const one = machine(store, clock, [f]);
    await one.engine.work();
    await turns(60);
    await machine(store, clock, [f]).engine.work();
    hangs = false;
    await one.engine.stop();
    expect(await clock.runUntil(handle.result())).toBe('done');
    expect((await handle.run()).recoveries).toBe(0);
  });

  it('goes on after a pause, with an engine that works on its queue', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const f = flow(async () => runContext().pauseForInput('yes'), { name: 'f' });
    const app = machine(store, clock, [f]);
    const handle = await app.engine.enqueue(f, []);
    await machine(store, new TestClock(), [f]).engine.work();
    await turns(60);
    expect((await handle.state()).name).toBe('Paused');
    await app.engine.provideInput(handle.id, 'yes', 5);
    await machine(store, clock, [f]).engine.work();
    expect(await clock.runUntil(handle.result())).toBe(5);
  });
});

describe('a run that a worker cannot take', () => {
  it('is told of, given back at once to whoever can, and not asked for again for a while', async () => {
    const store = durableStore();
    const clock = new TestClock();
    const errors: unknown[] = [];
    const f = flow(async (n: unknown) => n, { name: 'f' });
    const strict = flow(async (n: unknown) => n, {
      name: 'f',
      input: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: (): { issues: { message: string }[] } => ({ issues: [{ message: 'no' }] }),
        },
      },
    });
    const handle = await machine(store, clock, []).engine.enqueue(f, [1]);
    const logger = { ...silent, error: (facts: object) => errors.push(facts) };
    const picky = await machine(store, clock, [strict], { logger }).engine.work();
    await turns(60);
    await clock.advance(29_000);
    expect(errors).toMatchObject([{ runId: handle.id, err: { code: 'INPUT_INVALID' } }]);
    await clock.advance(3000);
    expect(errors).toHaveLength(2);
    const now = clock.now();
    await machine(store, clock, [f]).engine.work();
    await turns(60);
    expect((await handle.state()).type).toBe('COMPLETED');
    expect(clock.now()).toBe(now);
    await picky.stop();
  });
});

describe('a worker that dies at any commit', () => {
  it('leaves a run that another brings to its end, each task once unless it was under way', async () => {
    let commits = 1;
    while ((await dieAt({ commit: commits, moment: 'before' })) === commits) {
      await dieAt({ commit: commits, moment: 'after' });
      commits++;
    }
    expect(commits).toBeGreaterThan(3);
  });
});

const silent = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  child: () => silent,
};

/** How many commits a worker makes that is to die at one of them, the last one included. */
async function dieAt(at: CrashPoint): Promise<number> {
  const store = memoryRunStore();
  const clock = new TestClock();
  const calls: string[] = [];
  const t = task(async (name: string) => calls.push(name), { name: 't' });
  const f = flow(
    async () => {
      await t('a');
      await t('b');
      return runContext().runId;
    },
    { name: 'f' },
  );
  const app = machine(store, clock, []);
  const handle = await app.engine.enqueue(f, []);
  const dying = crashingRunStore(store, at);
  const one = bench({ store: dying, clock: new TestClock(), flows: [f] });
  await one.engine.work();
  await turns(80);
  await machine(store, clock, [f]).engine.work();
  expect(await clock.runUntil(handle.result())).toBe(handle.id);
  const counts = ['a', 'b'].map((name) => calls.filter((call) => call === name).length);
  for (const count of counts) expect(count).toBeLessThanOrEqual(2);
  expect(calls.length).toBeLessThanOrEqual(3);
  return dying.commits;
}
