import { describe, expect, it } from 'vitest';
import {
  allowFailure,
  flow,
  group,
  quote,
  runContext,
  task,
  transaction,
  type TaskFuture,
} from '@holdfast/core';
import { bench, expectNoUnhandledRejections, gate, turns } from '../support.ts';
import { workshop } from './support.ts';

expectNoUnhandledRejections();

const one = { limits: { db: 1 } };
const step = task(async (n: number) => n, { name: 'step', limits: ['db'] });
const bad = task(
  async (): Promise<number> => {
    throw new Error('bad');
  },
  { name: 'bad', limits: ['db'] },
);
const inner = flow(async (n: number) => n, { name: 'inner', limits: ['db'] });

/** Every way in which code waits for what it has started; each needs the one slot that the flow has itself. */
const WAYS: { readonly [how: string]: () => unknown } = {
  'a direct call of a task': () => step(1),
  'a direct call of a subflow': () => inner(1),
  'a direct call that is awaited later': async () => {
    const called = step(1);
    await turns(1);
    return called;
  },
  'a future': async () => await step.submit(1),
  'result()': () => step.submit(1).result(),
  'then()': () => step.submit(1).then((n) => n),
  'outcome()': async () => {
    const outcome = await step.submit(1).outcome();
    return outcome.ok && outcome.value;
  },
  'a failure that is caught': () => bad().catch(() => 1),
  'allowFailure()': async () => ((await allowFailure(bad.submit())).ok ? 0 : 1),
  'Promise.all()': async () => (await Promise.all([step(1), step(2), step.submit(3)]))[0],
  'a list': async () => (await step.map([1, 2]))[0],
  'outcomes() of a list': async () => (await step.map([1, 2]).outcomes()).length - 1,
  'the members of a list': async () => {
    const seen: number[] = [];
    for await (const n of step.map([1, 2])) seen.push(n);
    return seen[0];
  },
  'each member as it ends': async () => {
    let seen = 0;
    for await (const { outcome } of step.map([1, 2]).asCompleted()) seen += outcome.ok ? 1 : 0;
    return seen - 1;
  },
  'a list over a future': async () => {
    const items = task(async () => [1, 2], { name: 'items', limits: ['db'] });
    return (await step.map(items.submit()))[0];
  },
  'a future that it returns': () => step.submit(1),
  'what it neither awaits nor returns': () => {
    void step.submit(1);
    return 1;
  },
  'a task that depends on another': () => step.submit(step.submit(1)),
  'a group': () => group('g', { concurrency: 2 }, () => step.submit(1)),
  'a group whose code returns before its calls have ended': async () => {
    await group('g', { concurrency: 2 }, () => {
      void step.submit(1);
    });
    return 1;
  },
  'a transaction': () => transaction(() => step.submit(1)),
  'a transaction whose code returns before its calls have ended': async () => {
    await transaction(() => {
      void step.submit(1);
    });
    return 1;
  },
  'a sleep, while others work': async () => {
    const child = step.submit(1);
    await runContext().sleep('1h');
    return child;
  },
  'the future of another, handed over': async () => {
    const awaits = task(async (given: TaskFuture<number>) => given, {
      name: 'awaits',
      limits: ['db'],
    });
    return awaits.submit(quote(step.submit(1)));
  },
};

describe('a flow that has the only slot lets what it waits for have it', () => {
  it.each(Object.keys(WAYS))('%s', async (how) => {
    const { engine, clock } = bench(one);
    const f = flow(async () => WAYS[how]?.(), { name: 'f', limits: ['db'] });
    expect(await clock.runUntil(engine.run(f))).toBe(1);
  });
});

describe('while its code waits', () => {
  it('a run holds none of its limits, and has them again before the code goes on', async () => {
    const shop = workshop();
    const long = shop.work({ name: 'long' });
    const work = shop.work({ limits: ['db'] });
    const { engine } = bench(one);
    const order: string[] = [];
    const f = flow(
      async () => {
        order.push('before');
        await long('child');
        order.push('after');
      },
      { name: 'f', limits: ['db'] },
    );
    const first = await engine.start(f, []);
    await turns();
    const second = await engine.start(
      flow(async () => work('other'), { name: 'g' }),
      [],
    );
    await turns();
    expect(shop.running).toEqual(['child', 'other']);
    await shop.finish('child');
    expect(order).toEqual(['before']);
    await shop.finish('other');
    expect(order).toEqual(['before', 'after']);
    await Promise.all([first.result(), second.result()]);
  });

  it('waits that overlap count as one, also where the second begins before the slot is back', async () => {
    const shop = workshop();
    const long = shop.work({ name: 'long' });
    const work = shop.work({ limits: ['db'] });
    const { engine } = bench(one);
    const seen: string[] = [];
    const f = flow(
      async () => {
        const wait = async (name: string): Promise<void> => {
          await long(name);
          seen.push(name);
        };
        await Promise.all([wait('a'), turns(30).then(() => wait('b'))]);
      },
      { name: 'f', limits: ['db'] },
    );
    const first = await engine.start(f, []);
    await turns(5);
    const second = await engine.start(
      flow(async () => work('other'), { name: 'g' }),
      [],
    );
    await turns(5);
    await shop.finish('a');
    await turns(40);
    expect([seen, shop.running]).toEqual([['a'], ['other', 'b']]);
    await shop.finish('b');
    expect(seen).toEqual(['a']);
    await shop.finish('other');
    expect(seen).toEqual(['a', 'b']);
    await Promise.all([first.result(), second.result()]);
  });

  it('what code still waits for when its function has returned takes nothing again', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const { engine, clock } = bench(one);
    const leaves = task(
      async () => {
        runContext()
          .sleep('1h')
          .catch(() => undefined);
        return 1;
      },
      { name: 'leaves', limits: ['db'] },
    );
    const f = flow(async () => [await leaves(), await work('a')], { name: 'f' });
    const handle = await engine.start(f, []);
    await turns();
    expect(shop.running).toEqual(['a']);
    shop.finishAll();
    expect(await clock.runUntil(handle.result())).toEqual([1, 'a']);
  });

  it('a timeout ends the wait for its slot as it ends everything else', async () => {
    const shop = workshop();
    const work = shop.work({ limits: ['db'] });
    const quick = task(async () => 1, { name: 'quick' });
    const { engine, clock } = bench(one);
    const f = flow(
      async () => {
        await turns(10);
        return quick();
      },
      { name: 'f', limits: ['db'], timeout: '1m', grace: '1h' },
    );
    const opened = gate();
    const first = await engine.start(f, []);
    await turns(3);
    const second = await engine.start(
      flow(
        async () => {
          const done = work('other');
          await opened.opened;
          return done;
        },
        { name: 'g' },
      ),
      [],
    );
    await turns(60);
    expect(shop.running).toEqual(['other']);
    await clock.advance(61_000);
    expect(await first.outcome()).toMatchObject({ error: { code: 'TIMED_OUT' } });
    opened.open();
    shop.finishAll();
    await second.result();
  });
});
