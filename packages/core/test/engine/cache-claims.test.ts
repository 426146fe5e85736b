import { describe, expect, it } from 'vitest';
import { cacheBy, flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { counted } from './counted.ts';
import { bench, expectNoUnhandledRejections, gate, statesBelow, turns } from './support.ts';

expectNoUnhandledRejections();

describe('equal calls at once', () => {
  it('compute once: the second waits and is served', async () => {
    const open = gate();
    let calls = 0;
    const slow = task(
      async () => {
        calls++;
        await open.opened;
        return calls;
      },
      { name: 'slow', cache: cacheBy.source },
    );
    const there = bench();
    const f = flow(async () => [slow.submit(), slow.submit(), slow.submit()], { name: 'f' });
    const handle = await there.engine.start(f, []);
    await turns();
    expect(await statesBelow(there, handle.id)).toEqual([
      'slow RUNNING/Running',
      'slow SCHEDULED/AwaitingSlot',
      'slow SCHEDULED/AwaitingSlot',
    ]);
    open.open();
    expect(await handle.result()).toEqual([1, 1, 1]);
    expect(await statesBelow(there, handle.id)).toEqual([
      'slow COMPLETED/Completed',
      'slow COMPLETED/Cached',
      'slow COMPLETED/Cached',
    ]);
  });

  it('compute once in two engines on one store', async () => {
    const open = gate();
    const { calls, double } = counted({ cache: cacheBy.inputs });
    const slow = flow(
      async (n: number) => {
        const value = await double(n);
        await open.opened;
        return value;
      },
      { name: 'slow', cache: cacheBy.inputs },
    );
    const first = bench();
    const second = bench({ store: first.store, clock: first.clock });
    const one = await first.engine.start(slow, [1]);
    await turns();
    const two = await second.engine.start(slow, [1]);
    await turns();
    expect((await two.state()).name).toBe('AwaitingSlot');
    open.open();
    expect(await first.clock.runUntil(Promise.all([one.result(), two.result()]))).toEqual([2, 2]);
    expect(calls).toEqual([1]);
    expect((await two.state()).name).toBe('Cached');
  });

  it('go on when the one that computes fails, or backs off', async () => {
    const open = gate();
    let calls = 0;
    const shaky = task(
      async () => {
        const call = ++calls;
        if (call > 1) return call;
        await open.opened;
        throw new Error('no');
      },
      { name: 'shaky', cache: cacheBy.source, retries: { limit: 1, delay: '1h' } },
    );
    const there = bench();
    const f = flow(async () => [shaky.submit(), shaky.submit()], { name: 'f' });
    const handle = await there.engine.start(f, []);
    await turns();
    open.open();
    await turns();
    expect(await statesBelow(there, handle.id)).toEqual([
      'shaky SCHEDULED/AwaitingRetry',
      'shaky COMPLETED/Completed',
    ]);
    expect(await there.clock.runUntil(handle.result())).toEqual([2, 2]);
  });

  it('with refreshCache are served what came about while they waited', async () => {
    const open = gate();
    let made = 0;
    const make = task(
      async () => {
        made++;
        await open.opened;
        return made;
      },
      { name: 'make', cache: cacheBy.source, refreshCache: true },
    );
    const { engine, clock } = bench();
    const f = flow(async () => [make.submit(), make.submit()], { name: 'f' });
    const handle = await engine.start(f, []);
    await turns();
    await clock.advance(1);
    open.open();
    expect(await handle.result()).toEqual([1, 1]);
  });

  it('that are cancelled while they wait end so, and stop waiting', async () => {
    const open = gate();
    const slow = task(async () => open.opened, { name: 'slow', cache: cacheBy.source });
    const there = bench();
    const f = flow(
      async () => {
        const first = slow.submit();
        const second = slow.submit();
        await turns();
        second.cancel('not needed');
        const outcome = await second.outcome();
        open.open();
        await first;
        return outcome.ok ? 'served' : outcome.state;
      },
      { name: 'f' },
    );
    const handle = await there.engine.start(f, []);
    expect(await handle.result()).toBe('CANCELLED');
  });
});

describe('a crash', () => {
  it('at any commit loses no result that a run has ended with', async () => {
    const executed: { readonly name: string; readonly runId: string }[] = [];
    const dump = task(
      async (name: string) => {
        executed.push({ name, runId: runContext().runId });
        return name.length;
      },
      { name: 'dump', cache: cacheBy.inputs },
    );
    const inner = flow(async (name: string) => dump(name), { name: 'inner' });
    const f = flow(
      async () => [
        await dump('orders'),
        await inner('orders'),
        await dump.submit('users'),
        await inner('orders'),
      ],
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f, {
      prepare: () => void executed.splice(0),
      check: ({ commit, moment }) => {
        // The run that was under way is executed again; no other computes what it had given.
        const runs = new Set(executed.map(({ name, runId }) => `${name} ${runId}`));
        const names = new Set(executed.map(({ name }) => name));
        expect(runs.size, `${moment} ${commit}`).toBe(names.size);
      },
    });
    expect(report.result).toEqual([6, 6, 5, 6]);
  }, 30_000);

  it('of the process that computes frees the others when its lease has ended', async () => {
    const never = gate();
    const calls: string[] = [];
    const slow = (who: string) =>
      flow(
        async () => {
          calls.push(who);
          if (who === 'dead') await never.opened;
          return who;
        },
        { name: 'slow', cache: cacheBy.inputs },
      );
    const first = bench({ leaseTtl: '30s' });
    await first.engine.start(slow('dead'), []);
    await turns();
    // Its clock stands still: it renews nothing.
    const second = bench({ store: first.store });
    const two = await second.engine.start(slow('alive'), []);
    await second.clock.advance(29_000);
    expect(calls).toEqual(['dead']);
    expect(await second.clock.runUntil(two.result())).toBe('alive');
  });
});
