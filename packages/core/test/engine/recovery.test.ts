import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flow, runContext, task, type RunStore } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import {
  durableStore,
  bench,
  expectNoUnhandledRejections,
  statesBelow,
  turns,
  type Bench,
} from './support.ts';

expectNoUnhandledRejections();

const forever = (): Promise<never> => new Promise(() => undefined);
const LATER = 3_600_000;
let processes = 0;

/** Another process: a clock of its own, later than any lease. */
function process(store: RunStore, flows: readonly object[], more = {}): Bench {
  const clock = new TestClock(Date.UTC(2026, 0, 5) + processes++ * LATER);
  return bench({ store: crashingRunStore(store, undefined), clock, flows, ...more });
}

/** A process starts a flow and dies while it waits for something. */
async function died(
  store: RunStore,
  f: Parameters<Bench['engine']['start']>[0],
  args: never[] = [],
) {
  const one = process(store, []);
  const handle = await one.engine.start(f as never, args as never);
  await turns();
  return handle.id;
}

describe('a run whose process died', () => {
  it('goes on elsewhere; what had completed is not executed again, attempts stay used', async () => {
    const store = durableStore();
    let hangs = true;
    const calls: string[] = [];
    const first = task(async () => calls.push('first'), { name: 'first' });
    const second = task(
      async () => {
        calls.push(`second ${runContext().attempt}`);
        if (runContext().attempt === 1) throw new Error('once');
        return hangs ? forever() : runContext().attempt;
      },
      { name: 'second', retries: 5 },
    );
    const f = flow(async () => [await first(), await second()], { name: 'f' });
    const id = await died(store, f);
    hangs = false;
    const two = process(store, [f]);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toEqual([1, 2]);
    expect(calls).toEqual(['first', 'second 1', 'second 2', 'second 2']);
    const runs = await two.engine.below(id);
    expect(runs.map((r) => [r.name, r.attempts, r.recoveries, r.generation])).toEqual([
      ['first', 1, 0, 1],
      ['second', 2, 1, 1],
    ]);
    expect((await two.engine.runs({ topLevel: true }))[0]).toMatchObject({ recoveries: 1 });
  });

  it('is CRASHED when it died too often, and so is what it had under way', async () => {
    const store = durableStore();
    const t = task(() => forever(), { name: 't' });
    const f = flow(() => t(), { name: 'f', maxRecoveries: 1 });
    const id = await died(store, f);
    await process(store, [f]).engine.recover();
    await turns();
    const three = process(store, [f]);
    expect(await three.engine.recover()).toMatchObject({ resumed: [], ended: [id] });
    const [run] = await three.engine.runs({ topLevel: true });
    expect(run?.state).toMatchObject({ type: 'CRASHED', error: { code: 'RECOVERIES_EXHAUSTED' } });
    const [child] = await three.engine.below(id);
    expect(child?.state).toMatchObject({ type: 'CRASHED', error: { code: 'PARENT_CRASHED' } });
    expect(child?.endedAt).toBeLessThanOrEqual(run?.endedAt as number);
    await expect((await three.engine.find(id)).result()).rejects.toMatchObject({
      code: 'RECOVERIES_EXHAUSTED',
    });
  });

  it('fails where a task of it died too often, and ends what was below that task first', async () => {
    const store = durableStore();
    const inner = task(() => forever(), { name: 'inner' });
    const fragile = task(() => inner(), { name: 'fragile', maxRecoveries: 0 });
    const f = flow(async () => (await fragile.submit().outcome()).state, { name: 'f' });
    const id = await died(store, f);
    const two = process(store, [f]);
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('CRASHED');
    expect(await statesBelow(two, id)).toEqual([
      'fragile CRASHED/Crashed',
      'inner CRASHED/Crashed',
    ]);
  });

  it('is left alone by an engine that does not know its flow, or while somebody holds it', async () => {
    const store = durableStore();
    const f = flow(() => forever(), { name: 'f' });
    const id = await died(store, f);
    const stranger = process(store, []);
    expect((await stranger.engine.recover()).unknown).toEqual([{ runId: id, name: 'f' }]);
    const same = bench({ store, flows: [f], clock: new TestClock(Date.UTC(2026, 0, 5)) });
    const [open] = await store.openRuns();
    same.clock.jump((open?.lease.expiresAt ?? 0) - 1);
    expect((await same.engine.recover()).heldElsewhere).toEqual([id]);
    same.clock.jump(open?.lease.expiresAt ?? 0);
    expect((await same.engine.recover()).resumed).toHaveLength(1);
  });

  it('and that this engine cannot call is left as it was, and keeps no other from going on', async () => {
    const store = durableStore();
    let hangs = true;
    const pool = { pool: true };
    const f = flow(async (_given: object) => (hangs ? forever() : 'went on'), { name: 'f' });
    const g = flow(async (n: number) => (hangs ? forever() : n), { name: 'g' });
    const one = process(store, [], { resources: { pool } });
    const first = await one.engine.start(f, [pool]);
    const second = await one.engine.start(g, [1]);
    const third = await one.engine.start(g, [2]);
    await turns();
    hangs = false;
    const picky = g.with({ input: z.number().max(1) } as never);
    const two = process(store, [f, picky]);
    const report = await two.engine.recover();
    expect(report.resumed.map(({ id }) => id)).toEqual([second.id]);
    expect(report.failed.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { runId: first.id, name: 'f', error: { code: 'RESOURCE_UNKNOWN' } },
      { runId: third.id, name: 'g', error: { code: 'INPUT_INVALID' } },
    ]);
    const three = process(store, [f, g], { resources: { pool } });
    const { resumed } = await three.engine.recover();
    const outcomes = await Promise.all(resumed.map((handle) => handle.result()));
    expect(outcomes).toContain('went on');
  });

  it('keeps its lease while leftovers are looked for, and gives it back if that fails', async () => {
    const store = durableStore();
    const f = flow(() => forever(), { name: 'f' });
    await died(store, f);
    const broken: RunStore = {
      ...crashingRunStore(store, undefined),
      below: () => Promise.reject(new Error('broken')),
    };
    const two = process(broken, [f]);
    const two2 = bench({ store: { ...broken, below: broken.below }, flows: [f], clock: two.clock });
    expect((await two2.engine.recover()).failed).toMatchObject([{ error: { message: 'broken' } }]);
    expect((await store.openRuns())[0]?.lease.holder).toBe('');
  });
});

describe('a resumed flow', () => {
  it('warns of completed tasks that it no longer asks for, and ends the open ones before it ends', async () => {
    const store = durableStore();
    let old = true;
    const done = task(async () => 1, { name: 'done' });
    const open = task(() => forever(), { name: 'open' });
    const f = flow(
      async () => {
        if (!old) return 'changed';
        await done();
        return open();
      },
      { name: 'f' },
    );
    const id = await died(store, f);
    old = false;
    const two = process(store, [f]);
    const warnings: unknown[] = [];
    two.engine.events.on('warning', (warning) => warnings.push(warning));
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toBe('changed');
    expect(warnings).toMatchObject([{ code: 'RESUME_UNREACHED', runId: id }]);
    expect(await statesBelow(two, id)).toEqual([
      'done COMPLETED/Completed',
      'open SKIPPED/NotNeeded',
    ]);
    expect(two.told.at(-1)).toBe('f COMPLETED/Completed');
  });

  it('finds what it had done, also where the resumed attempt failed before it asked for it', async () => {
    const store = durableStore();
    let state: 'hangs' | 'fails' | 'goes on' = 'hangs';
    const calls: number[] = [];
    const a = task(async (n: number) => calls.push(n), { name: 'a' });
    const f = flow(
      async () => {
        if (state === 'fails') {
          state = 'goes on';
          throw new Error('once');
        }
        await a(7);
        return state === 'hangs' ? forever() : calls;
      },
      { name: 'f', retries: 1 },
    );
    await died(store, f);
    state = 'fails';
    const { resumed } = await process(store, [f]).engine.recover();
    expect(await resumed[0]?.result()).toEqual([7]);
  });

  it('does not warn of what a flow that is tried again has made anew', async () => {
    const store = durableStore();
    let hangs = true;
    const a = task(async (n: number) => n, { name: 'a' });
    const wait = task(async () => (hangs ? forever() : 1), { name: 'wait' });
    let tries = 0;
    const shaky = flow(
      async () => {
        await a(7);
        if (tries++ === 0) throw new Error('again');
        return a(8);
      },
      { name: 'shaky', retries: 1 },
    );
    const f = flow(async () => [await a(1), await wait(), await a(2), await shaky()], {
      name: 'f',
    });
    await died(store, f);
    hangs = false;
    const two = process(store, [f]);
    const warnings: unknown[] = [];
    two.engine.events.on('warning', (warning) => warnings.push(warning));
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toEqual([1, 1, 2, 8]);
    expect(warnings).toEqual([]);
  });

  it('gets the same time, chance and ids again, each attempt its own', async () => {
    const store = durableStore();
    let hangs = true;
    const seen: unknown[] = [];
    const wait = task(async () => (hangs ? forever() : 1), { name: 'wait' });
    const f = flow(
      async () => {
        const ctx = runContext();
        seen.push([ctx.now(), ctx.now(), ctx.random(), ctx.uuid(), ctx.idempotencyKey]);
        await wait();
        return ctx.random();
      },
      { name: 'f' },
    );
    await died(store, f);
    hangs = false;
    const { resumed } = await process(store, [f]).engine.recover();
    await resumed[0]?.result();
    expect(seen[1]).toEqual(seen[0]);
  });

  it('has the reasons of what failed before: code and name are as they were', async () => {
    const store = durableStore();
    let hangs = true;
    const wait = task(async () => (hangs ? forever() : 1), { name: 'wait' });
    const bad = task(
      async (): Promise<number> => {
        throw Object.assign(new RangeError('no'), { code: 'E_NO' });
      },
      { name: 'bad' },
    );
    const add = task(async (n: number) => n, { name: 'add' });
    const seen: unknown[] = [];
    const f = flow(
      async () => {
        const future = bad.submit();
        const outcomes = [await future.outcome(), await add.submit(future).outcome()];
        seen.push(
          outcomes.map(
            (o) =>
              !o.ok && [
                o.state,
                o.error.name,
                (o.error as { code?: string }).code,
                o.error.message,
              ],
          ),
        );
        await wait();
      },
      { name: 'f' },
    );
    await died(store, f);
    hangs = false;
    const { resumed } = await process(store, [f]).engine.recover();
    await resumed[0]?.result();
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1]).toMatchObject([
      ['FAILED', 'RangeError', 'E_NO', 'no'],
      ['SKIPPED', 'HoldfastError', 'UPSTREAM_FAILED', expect.any(String)],
    ]);
  });
});
