import { describe, expect, it } from 'vitest';
import { allowFailure, flow, task, type Explanation, type RunId } from '@holdfast/core';
import { bench, turns } from '../engine/support.ts';
import { againBy, begun, ended, MINUTE, processOn, refused, START, titles } from './support.ts';

const dump = task(
  async (db: string) => {
    if (db === 'orders') throw refused();
    return db;
  },
  { name: 'dump', runName: (db) => `dump ${db}`, retries: { limit: 2, delay: '10m' } },
);
const verify = task(async (file: string) => file, { name: 'verify' });

function steps({ whatFailedFirst }: Explanation): string[] | undefined {
  return whatFailedFirst?.chain.map(({ run, how }) => `${titles([run]).join('')} ${how}`);
}

describe('explain, of a flow whose task failed', () => {
  const nightly = flow(
    async () => {
      const dumps = dump.map(['shop', 'orders']);
      return verify.map(dumps);
    },
    { name: 'nightly' },
  );

  it('names what failed first, the way that it went, and what engine.retry() would execute', async () => {
    const one = bench();
    const id = await ended(one, nightly);
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'nightly' failed after 20m because 'dump orders' failed at attempt 3 (ECONNREFUSED: connect ECONNREFUSED db:5432), for which 'verify' could not run; engine.retry() would execute 'dump orders' and 'verify' and keep 2 runs that completed.",
    );
    expect(told.whatFailedFirst).toMatchObject({
      run: { name: 'dump', runName: 'dump orders', state: 'Failed' },
      at: START + 20 * MINUTE,
      attempt: 3,
      error: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED db:5432' },
      reached: true,
    });
    expect(steps(told)).toEqual(['dump orders failed', 'verify skipped', 'nightly failed-with']);
    expect(againBy(told)).toEqual({
      by: 'retry',
      runs: ['nightly', 'dump orders', 'verify'],
      kept: 2,
    });
    expect(told.counts).toEqual({ COMPLETED: 2, FAILED: 1, SKIPPED: 1 });
    expect(told.run).toMatchObject({ displayState: 'Failed', attempts: 1, duration: 20 * MINUTE });
    expect(told.whatItWaitsFor).toEqual([]);
    expect(told.holder).toBeUndefined();
  });

  it('says the same in a process that does not know the definitions', async () => {
    const one = bench();
    const id = await ended(one, nightly);
    const known = await one.engine.explain(id);
    const { engine } = processOn(one.store, START + 60 * MINUTE);
    const { recoveries: _, ...again } = known.whatWouldRunAgain;
    expect(await engine.explain(id)).toMatchObject({ ...known, whatWouldRunAgain: again });
    expect(known.whatWouldRunAgain.recoveries).toEqual({ used: 0, allowed: 3 });
    expect((await engine.explain(id)).whatWouldRunAgain.recoveries).toEqual({ used: 0 });
  });

  it('explains a run below it as well', async () => {
    const one = bench();
    const id = await ended(one, nightly);
    const of = async (state: string): Promise<string> => {
      const run = (await one.engine.below(id)).find((each) => each.state.type === state);
      return (await one.engine.explain(run?.id as RunId)).sentence;
    };
    expect(await of('SKIPPED')).toBe(
      "'verify' was skipped because 'dump orders' failed at attempt 3 (ECONNREFUSED: connect ECONNREFUSED db:5432); a retry would execute it again.",
    );
    expect(await of('FAILED')).toBe(
      "'dump orders' failed after 20m with ECONNREFUSED: connect ECONNREFUSED db:5432; a retry would execute it again.",
    );
    expect(await of('COMPLETED')).toBe("'dump shop' completed after 0ms.");
  });
});

describe('explain, of where failures go', () => {
  const fails = (name: string) =>
    task(
      async () => {
        throw new Error(`${name} is broken`);
      },
      { name },
    );
  const a = fails('a');
  const b = fails('b');

  it('prefers the failure that the flow ended with to one that its code went on without', async () => {
    const f = flow(
      async () => {
        await a().catch(() => undefined);
        await b();
      },
      { name: 'f' },
    );
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(steps(told)).toEqual(['b failed', 'f failed-with']);
  });

  it('names the first below a flow that made another error of it', async () => {
    const f = flow(
      async () => {
        await a().catch(() => undefined);
        throw new Error('no backup today.');
      },
      { name: 'f' },
    );
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(told.whatFailedFirst).toMatchObject({ run: { name: 'a' }, reached: false });
    expect(told.sentence).toBe(
      "'f' failed after 0ms with Error: no backup today; before that, 'a' failed first (Error: a is broken); engine.retry() would execute 'a'.",
    );
  });

  it('follows a failure through subflows, causes and what nobody looked at', async () => {
    const inner = flow(async () => a(), { name: 'inner' });
    const middle = flow(
      async () =>
        inner().catch((cause: unknown) => {
          throw new Error('the middle gave up', { cause });
        }),
      { name: 'middle' },
    );
    const outer = flow(
      async () => {
        void middle();
      },
      { name: 'outer' },
    );
    const one = bench();
    const told = await one.engine.explain(await ended(one, outer));
    expect(steps(told)).toEqual([
      'a failed',
      'inner failed-with',
      'middle failed-with',
      'outer failed-with',
    ]);
  });

  it('tells of a failure that a completed flow allowed', async () => {
    const c = task(async (...given: unknown[]) => given.length, { name: 'c' });
    const f = flow(async () => c.submit(allowFailure(a.submit())), { name: 'f' });
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(told.sentence).toBe(
      "'f' completed after 0ms, although 'a' failed first (Error: a is broken); engine.retry() would execute 'a' and 'c'.",
    );
    expect(againBy(told)).toEqual({ by: 'retry', runs: ['f', 'a', 'c'], kept: 0 });
  });

  it('passes over what an earlier try of the flow left failed', async () => {
    let tries = 0;
    const once = task(
      async () => {
        if (++tries === 1) throw new Error('once');
      },
      { name: 'once' },
    );
    const f = flow(
      async () => {
        if (tries < 1) await once();
      },
      { name: 'f', retries: 1 },
    );
    const one = bench();
    const told = await one.engine.explain(await ended(one, f));
    expect(told.sentence).toBe("'f' completed after 0ms.");
    expect(told.whatFailedFirst).toBeUndefined();
    expect(told.counts).toEqual({ FAILED: 1 });
  });

  it('says why a run was cancelled, and what it would take to do it again', async () => {
    const held = Promise.withResolvers<void>();
    const slow = task(async () => held.promise, { name: 'slow' });
    const f = flow(async () => [await verify('x'), await slow()], { name: 'f' });
    const one = bench();
    const id = await begun(one, f);
    await one.clock.advance(MINUTE);
    const cancelled = one.engine.cancel(id, 'the disk is full.');
    await turns();
    held.reject(new Error('stopped'));
    await cancelled;
    await turns();
    const told = await one.engine.explain(id);
    expect(told.sentence).toBe(
      "'f' was cancelled after 1m: the disk is full; engine.retry() would execute 'slow' and keep 1 run that completed.",
    );
    expect(told.whatFailedFirst).toBeUndefined();
  });

  it('puts any message into one line', async () => {
    const rude = task(
      async () => {
        throw new Error(`\u001B[31mline one\n\tline two ${'x'.repeat(500)}`);
      },
      { name: 'rude\u0007' },
    );
    const f = flow(async () => rude(), { name: 'f' });
    const one = bench();
    const { sentence } = await one.engine.explain(await ended(one, f));
    expect(sentence).toMatch(
      /^'f' failed after 0ms because 'rude' failed \(Error: \[31mline one line two x+…\);/,
    );
    expect(sentence).not.toMatch(/\p{Cc}/u);
  });

  it('refuses an id that it does not know', async () => {
    const { engine } = bench();
    const id = '019b8be1-f500-7a71-a5b2-3810509cb524' as RunId;
    await expect(engine.explain(id)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(engine.mermaid(id)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(engine.timeline(id)).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });
});
