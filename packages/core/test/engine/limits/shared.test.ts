import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { flow, runContext, task, type RunStore } from '@holdfast/core';
import { currentProcess, formatIdentity } from '../../../src/process/identity.ts';
import {
  aborted,
  bench,
  durableStore,
  expectNoUnhandledRejections,
  gate,
  turns,
  type Bench,
} from '../support.ts';
import { workshop } from './support.ts';

expectNoUnhandledRejections();

const MINUTE = 60_000;

/** A store whose calls can be counted, and made to fail. */
function watched(): { store: RunStore; calls: Map<string, number>; failing: Set<string> } {
  const inner = durableStore();
  const calls = new Map<string, number>();
  const failing = new Set<string>();
  const store = new Proxy(inner, {
    get: (of, name: string) => {
      const member: unknown = Reflect.get(of, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]): Promise<unknown> => {
        calls.set(name, (calls.get(name) ?? 0) + 1);
        if (failing.has(name)) throw new Error(`${name} failed`);
        return Reflect.apply(member, of, args) as unknown;
      };
    },
  });
  return { store, calls, failing };
}

/** Two engines on one store and one clock. */
function two(
  store = durableStore(),
  limits: { readonly [name: string]: number } = { db: 1 },
): [Bench, Bench] {
  const first = bench({ store, limits, leaseTtl: '30s' });
  return [first, bench({ store, limits, leaseTtl: '30s', clock: first.clock })];
}

function holderOf(pid: number): string {
  return `${formatIdentity({ ...currentProcess(), pid, startTime: '1' })} engine`;
}

describe('a limit over several engines', () => {
  it('lets so many run at once, and what waits elsewhere begins soon after a slot is free', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const [here, there] = two();
    const f = flow(async (name: string) => work(name), { name: 'f' });
    const first = await here.engine.start(f, ['a']);
    await turns();
    const second = await there.engine.start(f, ['b']);
    await here.clock.advance(10 * MINUTE);
    expect(shop.running).toEqual(['a']);
    await shop.finish('a');
    await here.clock.advance(2000);
    expect(shop.running).toEqual(['b']);
    shop.finishAll();
    await Promise.all([first.result(), second.result()]);
  });

  it('is asked for by one of those who wait, more and more rarely', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const { store, calls } = watched();
    const [here, there] = two(store);
    const f = flow(async (...names: string[]) => work.map(names), { name: 'f' });
    const first = await here.engine.start(f, ['a']);
    await turns();
    const second = await there.engine.start(f, ['b', 'c', 'd', 'e']);
    await turns();
    const before = calls.get('acquirePermits') ?? 0;
    await here.clock.advance(10 * MINUTE);
    expect((calls.get('acquirePermits') ?? 0) - before).toBeLessThan(310);
    shop.finishAll();
    await here.clock.runUntil(Promise.all([first.result(), second.result()]));
    expect(shop.most).toBe(1);
  });

  it('is asked for no more often by who needs another one, too', async () => {
    const shop = workshop();
    const { store, calls } = watched();
    const limits = { db: 1, disk: 1 };
    const [here, there] = two(store, limits);
    const holds = flow(async () => shop.work({ limits: ['disk'] })('a'), { name: 'holds' });
    const db = shop.work({ name: 'db', limits: ['db'] });
    const both = shop.work({ name: 'both', limits: ['db', 'disk'] });
    const first = await here.engine.start(holds, []);
    await turns();
    // It waits here for the one, and when that is free it finds the other one taken elsewhere.
    const f = flow(async () => [db.submit('b'), both.submit('c'), db.submit('d')], { name: 'f' });
    const second = await there.engine.start(f, []);
    await turns();
    await shop.finish('b');
    const before = calls.get('acquirePermits') ?? 0;
    await here.clock.advance(10 * MINUTE);
    expect((calls.get('acquirePermits') ?? 0) - before).toBeLessThan(310);
    expect(shop.running).toEqual(['a']);
    await shop.finish('a');
    await here.clock.advance(2000);
    expect(shop.running).toEqual(['c']);
    shop.finishAll();
    await here.clock.runUntil(Promise.all([first.result(), second.result()]));
    expect(shop.begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is asked for no more than needed by one engine alone', async () => {
    const { store, calls } = watched();
    const { engine } = bench({ store, limits: { db: 3 } });
    const work = task(async (n: number) => n, { name: 'work', limits: ['db'] });
    await engine.run(
      flow(async () => work.map(Array.from({ length: 200 }, (_, n) => n)), { name: 'f' }),
    );
    expect(calls.get('acquirePermits')).toBe(200);
  });

  it('is taken from a process of this machine that has died, at once', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const shop = workshop();
    shop.finishAll();
    const work = shop.work({ limits: ['db'] });
    const { engine, store, clock } = bench({ limits: { db: 1 } });
    await engine.runs();
    const wishes = [{ limit: 'db', capacity: 1, slots: 1 }];
    const request = { id: 'x', wishes, now: clock.now(), ttl: 30_000 };
    await store.acquirePermits({ ...request, holder: holderOf(pid) });
    expect(await engine.run(flow(async () => work('a'), { name: 'f' }))).toBe('a');
  });

  it('is taken from a process elsewhere when its lease has ended, not before', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const { engine, store, clock } = bench({ limits: { db: 1 } });
    await engine.runs();
    const wishes = [{ limit: 'db', capacity: 1, slots: 1 }];
    await store.acquirePermits({
      id: 'x',
      wishes,
      now: clock.now(),
      ttl: 30_000,
      holder: 'elsewhere',
    });
    const handle = await engine.start(
      flow(async () => work('a'), { name: 'f' }),
      [],
    );
    await clock.advance(29_900);
    expect(shop.running).toEqual([]);
    await clock.advance(200);
    expect(shop.running).toEqual(['a']);
    shop.finishAll();
    await handle.result();
  });

  it('costs nothing once nothing is held: no timer is left', async () => {
    const { engine, clock } = bench({ limits: { db: 1, api: 2 } });
    const work = task(async (n: number) => n, { name: 'work', limits: ['db', 'api'] });
    await engine.run(flow(async () => work.map([1, 2, 3]), { name: 'f' }));
    await turns();
    expect(clock.waiting).toBe(0);
  });
});

describe('what an attempt holds', () => {
  it('is kept by one that ignores its signal until it settles, or its grace has ended', async () => {
    const shop = workshop();
    const deaf = gate();
    const ignores = task(async () => deaf.opened, {
      name: 'ignores',
      limits: ['db'],
      timeout: '1m',
      grace: '5m',
    });
    const work = shop.work({ limits: ['db'] });
    const { engine, clock } = bench({ limits: { db: 1 } });
    const f = flow(
      async () => {
        const first = ignores.submit();
        const second = work.submit('a');
        return [(await first.outcome()).state, await second];
      },
      { name: 'f' },
    );
    const handle = await engine.start(f, []);
    await clock.advance(5 * MINUTE);
    expect(shop.running).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(shop.running).toEqual(['a']);
    shop.finishAll();
    expect(await handle.result()).toEqual(['FAILED', 'a']);
  });

  it('is given back by engine.stop(), and what waited goes on in another engine', async () => {
    const [here, there] = two();
    const f = flow(
      async () => {
        const held = task(async () => aborted(runContext().signal), {
          name: 'held',
          limits: ['db'],
        });
        const waits = task(async () => runContext().attempt, { name: 'waits', limits: ['db'] });
        const calls = [held.submit(), waits.submit()] as const;
        return here.told.includes('held SCHEDULED/AwaitingRecovery') ? calls[1] : calls;
      },
      { name: 'f' },
    );
    void here.engine.start(f, []);
    await turns();
    await here.engine.stop();
    expect(here.told).toContain('waits SCHEDULED/AwaitingSlot');
    const free = await there.store.acquirePermits({
      id: 'x',
      holder: 'x',
      wishes: [{ limit: 'db', capacity: 1, slots: 1 }],
      now: here.clock.now(),
      ttl: 1,
    });
    expect(free).toEqual({ granted: true });
  });

  it('is given back later where the store failed, before others would have it by its lease', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const { store, failing } = watched();
    const [here, there] = two(store);
    const long = shop.work({ name: 'long', limits: ['other'] });
    const limits = { db: 1, other: 1 };
    const third = bench({ store, limits, leaseTtl: '30s', clock: here.clock });
    const f = flow(async () => [work.submit('a'), long.submit('b')], { name: 'f' });
    const first = await third.engine.start(f, []);
    await turns();
    failing.add('releasePermits');
    await shop.finish('a');
    const second = await there.engine.start(
      flow(async () => work('c'), { name: 'g' }),
      [],
    );
    await here.clock.advance(9000);
    expect(shop.running).toEqual(['b']);
    failing.clear();
    await here.clock.advance(10_000);
    expect(shop.running).toEqual(['b', 'c']);
    shop.finishAll();
    await Promise.all([first.result(), second.result()]);
  });

  it('cannot be had where the store fails: the run is left to a recovery', async () => {
    const work = task(async (n: number) => n, { name: 'work', limits: ['db'] });
    const { store, failing } = watched();
    const [here, there] = two(store);
    const f = flow(async () => work(1), { name: 'f' });
    failing.add('acquirePermits');
    const handle = await here.engine.start(f, []);
    await expect(handle.result()).rejects.toThrow('acquirePermits failed');
    failing.clear();
    const engine = bench({ store, limits: { db: 1 }, flows: [f], clock: here.clock }).engine;
    const { resumed } = await engine.recover();
    expect(await resumed[0]?.result()).toBe(1);
    await there.engine.stop();
  });
});
