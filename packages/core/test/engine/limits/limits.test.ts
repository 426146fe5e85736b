import { describe, expect, it } from 'vitest';
import { flow, task, type LimitUse } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, gate, statesBelow, turns } from '../support.ts';
import { workshop } from './support.ts';

expectNoUnhandledRejections();

const MINUTE = 60_000;

describe('a limit', () => {
  it('lets so many run at once as it has slots; the others wait as SCHEDULED/AwaitingSlot', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const there = bench({ limits: { db: 2 } });
    const f = flow(async () => work.map(['a', 'b', 'c', 'd']), { name: 'f' });
    const handle = await there.engine.start(f, []);
    await turns();
    expect(shop.running).toEqual(['a', 'b']);
    expect(await statesBelow(there, handle.id)).toEqual([
      'work RUNNING/Running',
      'work RUNNING/Running',
      'work SCHEDULED/AwaitingSlot',
      'work SCHEDULED/AwaitingSlot',
    ]);
    const [, , waiting] = await there.engine.below(handle.id);
    expect(waiting?.state).toMatchObject({ limits: ['db'] });
    await shop.finish('b');
    expect(shop.running).toEqual(['a', 'c']);
    shop.finishAll();
    expect(await handle.result()).toEqual(['a', 'b', 'c', 'd']);
    expect(shop.most).toBe(2);
  });

  it('is shared by everything that names it: tasks, flows, and several of their slots', async () => {
    const shop = workshop();
    const small = shop.work({ name: 'small', limits: ['db'] });
    const large = shop.work({ name: 'large', limits: [{ name: 'db', slots: 2 }] });
    const whole = flow(async (name: string) => name, { name: 'whole', limits: ['db'] });
    const { engine } = bench({ limits: { db: 2 } });
    const f = flow(async () => [small.submit('a'), large.submit('b')], { name: 'f' });
    const handle = await engine.start(f, []);
    await turns();
    const other = await engine.start(whole, ['c']);
    await turns();
    expect(shop.running).toEqual(['a']);
    expect((await other.state()).name).toBe('AwaitingSlot');
    await shop.finish('a');
    expect(shop.running).toEqual(['b']);
    await shop.finish('b');
    expect([await handle.result(), await other.result()]).toEqual([['a', 'b'], 'c']);
  });

  it('is held from the beginning of an attempt to its end, not while the next one is waited for', async () => {
    const shop = workshop();
    let attempts = 0;
    const shaky = task(
      async () => {
        if (++attempts === 1) throw new Error('no');
        return attempts;
      },
      { name: 'shaky', limits: ['db'], retries: { limit: 1, delay: '10m' } },
    );
    const work = shop.work({ limits: ['db'] });
    const there = bench({ limits: { db: 1 } });
    const f = flow(async () => [shaky.submit(), work.submit('a')], { name: 'f' });
    const handle = await there.engine.start(f, []);
    await turns();
    expect(shop.running).toEqual(['a']);
    await there.clock.advance(11 * MINUTE);
    expect(attempts).toBe(1);
    expect(await statesBelow(there, handle.id)).toContain('shaky SCHEDULED/AwaitingSlot');
    await shop.finish('a');
    expect(await handle.result()).toEqual([2, 'a']);
    expect(there.told.filter((told) => told.startsWith('shaky RUNNING'))).toEqual([
      'shaky RUNNING/Running',
      'shaky RUNNING/Retrying',
    ]);
  });

  it('of several all are taken at once, or none: none is held while another is waited for', async () => {
    const shop = workshop();
    const both = shop.work({ name: 'both', limits: ['db', 'disk'] });
    const disk = shop.work({ name: 'disk', limits: ['disk'] });
    const db = shop.work({ name: 'db', limits: ['db'] });
    const { engine } = bench({ limits: { db: 1, disk: 1 } });
    const f = flow(
      async () => [db.submit('db1'), both.submit('both'), disk.submit('disk1'), db.submit('db2')],
      { name: 'f' },
    );
    const handle = await engine.start(f, []);
    await turns();
    expect(shop.running).toEqual(['db1', 'disk1']);
    // It was the first to wait, and finds the other limit taken: from now on nobody passes.
    await shop.finish('db1');
    expect(shop.running).toEqual(['disk1']);
    await shop.finish('disk1');
    expect(shop.running).toEqual(['both']);
    await shop.finish('both');
    expect(shop.running).toEqual(['db2']);
    shop.finishAll();
    await handle.result();
  });

  it('serves those who wait in the order in which they came', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const { engine } = bench({ limits: { db: 1 } });
    const names = Array.from({ length: 30 }, (_, n) => `w${n}`);
    const f = flow(async () => work.map(names), { name: 'f' });
    shop.finishAll();
    expect(await engine.run(f)).toEqual(names);
    expect(shop.begun).toEqual(names);
    expect(shop.most).toBe(1);
  });

  it('is of no concern to what does not name it', async () => {
    const { engine } = bench({ limits: { db: 1 }, tagLimits: { heavy: 1 } });
    const plain = task(async (n: number) => n, { name: 'plain', tags: ['light'] });
    const f = flow(async () => plain.map([1, 2, 3]), { name: 'f', limits: ['db'] });
    expect(await engine.run(f)).toEqual([1, 2, 3]);
  });
});

describe('the limit of a tag', () => {
  it('holds for every run with the tag, beside the limits that it names', async () => {
    const shop = workshop();
    const dump = shop.work({ name: 'dump', tags: ['heavy', 'nightly'] });
    const check = shop.work({ name: 'check', tags: ['heavy'], limits: ['db'] });
    const { engine } = bench({ limits: { db: 5 }, tagLimits: { heavy: 2 } });
    const dumps = () => ['a', 'b', 'c'].map((name) => dump.submit(name));
    const f = flow(async () => [...dumps(), check.submit('d')], { name: 'f' });
    const handle = await engine.start(f, []);
    await turns();
    expect(shop.running).toEqual(['a', 'b']);
    await shop.finish('a');
    await shop.finish('b');
    expect(shop.running).toEqual(['c', 'd']);
    shop.finishAll();
    await handle.result();
    expect(shop.most).toBe(2);
  });
});

describe('a rate', () => {
  it('lets so many begin within any span of its length, however soon they end', async () => {
    const began: number[] = [];
    const { engine, clock } = bench({ limits: { api: { rate: 3, per: '1m' } } });
    const start = clock.now();
    const call = task(async (_n: number) => void began.push(clock.now() - start), {
      name: 'call',
      limits: ['api'],
    });
    const f = flow(async () => call.map([1, 2, 3, 4, 5, 6, 7]), { name: 'f' });
    await clock.runUntil(engine.run(f));
    expect(began).toEqual([0, 0, 0, MINUTE, MINUTE, MINUTE, 2 * MINUTE]);
  });

  it('counts each attempt, and slots', async () => {
    const began: number[] = [];
    const { engine, clock } = bench({ limits: { api: { rate: 3, per: '1m' } } });
    const start = clock.now();
    const call = task(
      async () => {
        began.push(clock.now() - start);
        if (began.length < 3) throw new Error('no');
      },
      { name: 'call', limits: [{ name: 'api', slots: 2 }], retries: 2 },
    );
    await clock.runUntil(engine.run(flow(async () => call(), { name: 'f' })));
    expect(began).toEqual([0, MINUTE, 2 * MINUTE]);
  });

  it('is not counted a second time when code that has waited goes on', async () => {
    const { engine, clock } = bench({ limits: { api: { rate: 1, per: '1h' } } });
    const step = task(async (n: number) => n, { name: 'step' });
    const f = flow(async () => [await step(1), await step(2)], { name: 'f', limits: ['api'] });
    const start = clock.now();
    expect(await clock.runUntil(engine.run(f))).toEqual([1, 2]);
    expect(clock.now()).toBe(start);
  });
});

describe("whenLimited: 'refuse'", () => {
  it('fails a run at once that would have to wait, with LIMIT_REACHED', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'], whenLimited: 'refuse', retries: 3 });
    const there = bench({ limits: { db: 1 } });
    const f = flow(
      async () => {
        const first = work.submit('a');
        await turns();
        const refused = await work.submit('b').outcome();
        shop.finishAll();
        await first;
        return [refused.state, await work('c')];
      },
      { name: 'f' },
    );
    const handle = await there.engine.start(f, []);
    expect(await handle.result()).toEqual(['FAILED', 'c']);
    const [, refused] = await there.engine.below(handle.id);
    expect(refused).toMatchObject({ attempts: 0, state: { error: { code: 'LIMIT_REACHED' } } });
    expect(there.told).not.toContain('work SCHEDULED/AwaitingSlot');
  });

  it('lets what has begun wait, for its next attempt and after a child', async () => {
    const shop = workshop();
    let attempts = 0;
    const shaky = flow(
      async () => {
        await gate1.opened;
        if (++attempts === 1) throw new Error('no');
        return attempts;
      },
      { name: 'shaky', limits: ['db'], whenLimited: 'refuse', retries: { limit: 1, delay: '1m' } },
    );
    const gate1 = gate();
    const { engine, clock } = bench({ limits: { db: 1 } });
    const work = shop.work({ limits: ['db'] });
    const first = await engine.start(shaky, []);
    await turns();
    const second = await engine.start(
      flow(async () => work('a'), { name: 'f' }),
      [],
    );
    gate1.open();
    await clock.advance(2 * MINUTE);
    expect(shop.running).toEqual(['a']);
    await shop.finish('a');
    expect(await clock.runUntil(Promise.all([first.result(), second.result()]))).toEqual([2, 'a']);
  });

  it('counts for the limits of tags', async () => {
    const shop = workshop();
    const work = shop.work({ tags: ['heavy'], whenLimited: 'refuse' });
    const { engine } = bench({ tagLimits: { heavy: 1 } });
    const f = flow(async () => [work.submit('a'), work.submit('b')], { name: 'f' });
    const handle = await engine.start(f, []);
    await turns();
    shop.finishAll();
    await expect(handle.result()).rejects.toThrow(/refused.*tag 'heavy'/);
  });
});

describe('wrong limits', () => {
  const work = (limits: readonly LimitUse[], more = {}) =>
    task(async (n: number) => n, { name: 'work', limits, ...more });

  it.each([
    [{ limits: { db: 0 } }],
    [{ limits: { db: 1.5 } }],
    [{ limits: { db: '2' as never } }],
    [{ limits: { api: { rate: 0, per: '1m' } } }],
    [{ limits: { api: { rate: 1, per: 0 } } }],
    [{ limits: { api: { rate: 1, per: '1m', burst: 2 } as never } }],
    [{ limits: { '': 1 } }],
    [{ limits: { 'holdfast:tag:x': 1 } }],
    [{ tagLimits: { heavy: -1 } }],
    [{ tagLimits: { '\ud800': 1 } }],
  ])('of an engine are refused when it is made: %o', (options) => {
    expect(() => bench(options)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  it.each([
    [['db', 'db']],
    [['']],
    [[7 as never]],
    [[{ name: 'db', slots: 0 }]],
    [[{ name: 'db', slot: 2 } as never]],
    ['db' as never],
  ])('of a definition are refused when it is made: %o', (limits) => {
    expect(() => work(limits)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
  });

  it('whenLimited is one of two, and needs something to limit', () => {
    expect(() => work(['db'], { whenLimited: 'skip' })).toThrow(/'wait' or 'refuse'/);
    expect(() => task(async () => 1, { name: 'x', whenLimited: 'wait' })).toThrow(/does nothing/);
  });

  it('that the engine does not have, or not so many slots of, are refused as early as they are seen', async () => {
    const unknown = work(['postgres']);
    const greedy = work([{ name: 'db', slots: 3 }]);
    for (const [given, message] of [
      [unknown, /limit 'postgres'.*does not have/],
      [greedy, /wants 3 slots.*has 2/],
    ] as const) {
      expect(() => bench({ limits: { db: 2 }, tasks: [given] })).toThrow(message);
      const { engine } = bench({ limits: { db: 2 } });
      const f = flow(async () => given(1), { name: 'f' });
      await expect(engine.run(f)).rejects.toThrow(message);
      await expect(given(1)).rejects.toMatchObject({ code: 'OPTIONS_INVALID' });
    }
  });
});
