import { describe, expect, it } from 'vitest';
import { cacheBy, flow, memoryRunStore, runContext, secret, task } from '@holdfast/core';
import { counted, once, warningsOf } from './counted.ts';
import { bench, expectNoUnhandledRejections, statesBelow, turns } from './support.ts';

expectNoUnhandledRejections();

const HOUR = 3_600_000;

describe('a cached result', () => {
  it('is given to an equal call of another run, as COMPLETED/Cached, and to no other', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const there = bench();
    const f = once(double);
    expect(await there.engine.run(f, [4])).toBe(8);
    const second = await there.engine.start(f, [4]);
    expect(await second.result()).toBe(8);
    expect(await statesBelow(there, second.id)).toEqual(['double COMPLETED/Cached']);
    expect(await there.engine.run(f, [5])).toBe(10);
    expect(calls).toEqual([4, 5]);
  });

  it('is a hit where it is null or undefined, and where it is data', async () => {
    for (const value of [null, undefined, { at: new Date(0), sizes: new Map([['a', 1n]]) }]) {
      let calls = 0;
      const give = task(
        async () => {
          calls++;
          return value;
        },
        { name: 'give', cache: cacheBy.inputs },
      );
      const { engine } = bench();
      const f = flow(async () => give(), { name: 'f' });
      await engine.run(f);
      expect(await engine.run(f)).toEqual(value);
      expect(calls).toBe(1);
    }
  });

  it('tells onSuccess as any other, and takes no attempt', async () => {
    const told: number[] = [];
    const { double } = counted({ cache: cacheBy.inputs, onSuccess: (n) => void told.push(n) });
    const { engine } = bench();
    await engine.run(once(double), [1]);
    const handle = await engine.start(once(double), [1]);
    await handle.result();
    expect(told).toEqual([2, 2]);
    expect(await engine.below(handle.id)).toMatchObject([{ attempts: 0, version: 2 }]);
  });

  it('is never that of a failure', async () => {
    let calls = 0;
    const shaky = task(
      async () => {
        if (++calls < 3) throw new Error(`no ${calls}`);
        return calls;
      },
      { name: 'shaky', cache: cacheBy.inputs },
    );
    const { engine } = bench();
    const f = flow(async () => shaky(), { name: 'f' });
    await expect(engine.run(f)).rejects.toThrow('no 1');
    await expect(engine.run(f)).rejects.toThrow('no 2');
    expect([await engine.run(f), await engine.run(f)]).toEqual([3, 3]);
  });

  it('is served no longer than cacheFor', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs, cacheFor: '1h' });
    const { engine, clock } = bench();
    const f = once(double);
    await engine.run(f, [1]);
    await clock.advance(HOUR - 1);
    await engine.run(f, [1]);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    await engine.run(f, [1]);
    await engine.run(f, [1]);
    expect(calls).toHaveLength(2);
  });

  it('is made anew and replaced with refreshCache', async () => {
    let made = 0;
    const make = task(async () => ++made, { name: 'make', cache: cacheBy.inputs });
    const { engine } = bench();
    const plain = flow(async () => make(), { name: 'plain' });
    const fresh = flow(async () => make.with({ refreshCache: true })(), { name: 'fresh' });
    expect([await engine.run(plain), await engine.run(fresh), await engine.run(plain)]).toEqual([
      1, 2, 2,
    ]);
  });

  it('is kept by no call that throws in the encoding, or holds a secret', async () => {
    process.env['CACHE_TEST_SECRET'] = 'swordfish-1';
    let calls = 0;
    const leak = task(
      async () => {
        calls++;
        return `it is ${await runContext().secret(secret('env:CACHE_TEST_SECRET'))}`;
      },
      { name: 'leak', cache: cacheBy.inputs },
    );
    const { engine } = bench();
    const f = flow(async () => leak(), { name: 'f' });
    for (const _ of [1, 2])
      await expect(engine.run(f)).rejects.toMatchObject({ code: 'SECRET_IN_VALUE' });
    expect(calls).toBe(2);
  });

  it('is served only while stillValid says so', async () => {
    let made = 0;
    const asked: number[] = [];
    const make = task(async () => ++made, {
      name: 'make',
      cache: cacheBy.inputs,
      stillValid: (n) => asked.push(n) !== 2,
    });
    const { engine } = bench();
    const f = flow(async () => make(), { name: 'f' });
    const results = [];
    for (let run = 0; run < 4; run++) results.push(await engine.run(f));
    expect([results, asked]).toEqual([
      [1, 1, 2, 2],
      [1, 1, 2],
    ]);
  });

  it('is not served once the run that it comes from was rolled back', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const { engine, store, clock } = bench();
    const first = await engine.start(once(double), [1]);
    await first.result();
    await turns();
    const [run] = await store.below(first.id);
    if (run === undefined) throw new Error('no run');
    const rolledBack = { ...run, version: run.version + 1, rolledBackAt: clock.now() };
    const write = { kind: 'run', expectVersion: run.version, run: rolledBack } as const;
    await store.commit([{ ...write, history: [], hooks: [] }], 'machine');
    await engine.run(once(double), [1]);
    await engine.run(once(double), [1]);
    expect(calls).toHaveLength(2);
  });

  it('that cannot be read is made anew, with a warning', async () => {
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const inner = memoryRunStore();
    let broken = false;
    const torn = async (): Promise<never> => {
      throw new Error('torn');
    };
    const store = new Proxy(inner, {
      get: (of, name) => {
        const member: unknown = Reflect.get(of, name);
        if (name === 'cached' && broken) return torn;
        return typeof member === 'function' ? (member.bind(of) as unknown) : member;
      },
    });
    const there = bench({ store });
    const codes = warningsOf(there);
    await there.engine.run(once(double), [1]);
    broken = true;
    expect(await there.engine.run(once(double), [1])).toBe(2);
    expect(calls).toHaveLength(2);
    expect(codes).toContain('CACHE_UNREADABLE');
  });
});
