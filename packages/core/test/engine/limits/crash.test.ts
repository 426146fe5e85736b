import { describe, expect, it } from 'vitest';
import { cacheBy, flow, runContext, task } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections, gate, turns } from '../support.ts';

expectNoUnhandledRejections();

const MINUTE = 60_000;

describe('a crash', () => {
  it('at any commit changes no result, and leaves nobody waiting', async () => {
    const step = task(
      async (n: number) => {
        if (runContext().attempt < 2 && n === 2) throw new Error('again');
        return `${n} ${runContext().attempt}`;
      },
      { name: 'step', limits: ['db', { name: 'disk', slots: 2 }], retries: 1, tags: ['heavy'] },
    );
    const rated = task(async (n: number) => n, {
      name: 'rated',
      limits: ['api'],
      cache: cacheBy.inputs,
    });
    const inner = flow(async (n: number) => step(n), { name: 'inner', limits: ['db'] });
    const f = flow(
      async () => [
        await step(1),
        await inner(2),
        await rated.map([1, 2, 1]),
        await step.map([3, 4]),
      ],
      { name: 'f', limits: ['db'] },
    );
    const report = await crashAtEveryStep(f, {
      engine: {
        limits: { db: 1, disk: 3, api: { rate: 1, per: '1m' } },
        tagLimits: { heavy: 2 },
      },
    });
    expect(report.result).toEqual(['1 1', '2 2', [1, 2, 1], ['3 1', '4 1']]);
    expect(report.crashes).toBeGreaterThan(40);
  }, 60_000);

  it('that left an attempt under way makes that one again after the wait, not the next', async () => {
    const never = gate();
    const seen: string[] = [];
    const held = task(
      async (who: string) => {
        seen.push(`${who} ${runContext().attempt}`);
        if (seen.length === 1) await never.opened;
        return who;
      },
      { name: 'held', limits: ['db'], retries: 1 },
    );
    const f = flow(async (who: string) => held(who), { name: 'f' });
    const first = bench({ limits: { db: 1 }, flows: [f] });
    await first.engine.start(f, ['a']);
    await turns();
    // Another process, an hour later: the leases have expired, and a third one was faster with the slot.
    const options = { store: first.store, limits: { db: 1 }, flows: [f] };
    const second = bench(options);
    await second.clock.advance(60 * MINUTE);
    const wish = [{ limit: 'db', capacity: 1, slots: 1 }];
    const terms = { id: 'x', holder: 'x', wishes: wish, now: second.clock.now(), ttl: MINUTE };
    await second.store.acquirePermits(terms);
    const { resumed } = await second.engine.recover();
    await turns();
    expect(second.told).toContain('held SCHEDULED/AwaitingSlot');
    expect(
      await second.clock.runUntil(resumed[0]?.result() ?? Promise.reject(new Error('none'))),
    ).toBe('a');
    expect(seen).toEqual(['a 1', 'a 1']);
    expect(second.told).toContain('held RUNNING/Resumed');
  });
});
