import { describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, task, type Engine } from '@holdfast/core';
import { crashingRunStore, TestClock } from '@holdfast/core/testing';
import { bench, durableStore, expectNoUnhandledRejections, gate, turns } from './support.ts';

expectNoUnhandledRejections();

const forever = (): Promise<never> => new Promise(() => undefined);
const calls: string[] = [];
const work = task(async (n: number, label = '') => `${label}${n} #${calls.push(`${n}`)}`, {
  name: 'work',
});

async function keysOf(engine: Engine, body: () => Promise<unknown>): Promise<string[]> {
  const handle = await engine.start(flow(body, { name: 'f' }), []);
  await handle.outcome();
  return (await engine.below(handle.id)).map((run) => run.key ?? '');
}

describe('identity', () => {
  it('is the inputs, with an ordinal among equals, whatever their order', async () => {
    const keys = await keysOf(bench().engine, async () => {
      await work(1);
      await work(2);
      await work(1);
    });
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe(`${keys[0]}#1`);
    const swapped = await keysOf(bench().engine, async () => {
      await work(2);
      await work(1);
    });
    expect(swapped).toEqual([keys[1], keys[0]]);
  });

  it('is the producer for a future, the name for a resource', async () => {
    class Vault {
      readonly open = true;
    }
    const use = task(async (vault: Vault, n: number) => n + Number(vault.open), { name: 'use' });
    const plus = task(async (n: number) => n + 1, { name: 'plus' });
    const key = async (): Promise<string | undefined> => {
      const vault = new Vault();
      const b = bench({ resources: { vault } });
      return (await keysOf(b.engine, async () => use.submit(vault, plus.submit(1)))).at(-1);
    };
    expect(await key()).toBe(await key());
  });

  it('of lists tells apart what their members are given beside the item', async () => {
    const count = task(async (list: readonly string[]) => list.length, { name: 'count' });
    const key = async (label: string): Promise<string | undefined> =>
      (await keysOf(bench().engine, async () => count.submit(work.map([1], label)))).at(-1);
    expect(await key('a')).toBe(await key('a'));
    expect(await key('a')).not.toBe(await key('b'));
  });

  it('that the author gives joins equal calls, and refuses different ones', async () => {
    calls.length = 0;
    const keyed = work.with({ key: () => 'same' });
    const b = bench();
    const joined = flow(() => Promise.all([keyed(1), keyed(1), keyed.submit(1)]), { name: 'j' });
    expect(new Set(await b.engine.run(joined)).size).toBe(1);
    expect(calls).toEqual(['1']);
    const reused = flow(() => Promise.all([keyed(1), keyed(2)]), { name: 'r' });
    await expect(b.engine.run(reused)).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it('that the author makes of futures joins once they are known', async () => {
    calls.length = 0;
    const number = task(async (n: number) => n, { name: 'number' });
    const keyed = work.with({ key: (n) => `n${n}` });
    const f = flow(
      () =>
        Promise.all([
          keyed.submit(number.submit(5)),
          keyed.submit(5),
          keyed.submit(number.submit(5)),
        ]),
      { name: 'f' },
    );
    expect(new Set(await bench().engine.run(f)).size).toBe(1);
    expect(calls).toEqual(['5']);
    const reused = work.with({ key: () => 'same' });
    const g = flow(() => Promise.all([reused.submit(1), reused.submit(number.submit(6))]), {
      name: 'g',
    });
    await expect(bench().engine.run(g)).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it.each([[5], [''], ['\0'], ['\ud800'], [undefined]])('refuses the key %j', async (key) => {
    const keyed = work.with({ key: () => key as string });
    const f = flow(() => keyed(1), { name: 'f' });
    await expect(bench().engine.run(f)).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  it('is wanted on a durable store alone', async () => {
    class Socket {
      readonly open = true;
    }
    const use = task(async (socket: Socket) => socket.open, { name: 'use' });
    const f = flow(() => use(new Socket()), { name: 'f' });
    await expect(bench().engine.run(f)).rejects.toMatchObject({ code: 'KEY_REQUIRED' });
    expect(await bench({ store: memoryRunStore() }).engine.run(f)).toBe(true);
    const keyed = flow(() => use.with({ key: () => 'k' })(new Socket()), { name: 'k' });
    expect(await bench().engine.run(keyed)).toBe(true);
  });

  it('lets the code around a call change between crash and resume', async () => {
    calls.length = 0;
    const store = durableStore();
    let version = 1;
    const wait = task(async () => (version === 1 ? forever() : 'on'), { name: 'wait' });
    const f = flow(
      async () => {
        const kept: string[] = [];
        if (version === 2) kept.push(await work(0));
        if (version === 1) kept.push(await work(1), await work(2));
        else kept.push(...(await Promise.all([work(2), work(1)])).toReversed());
        await wait();
        return kept;
      },
      { name: 'f' },
    );
    const one = bench({ store: crashingRunStore(store, undefined) });
    await one.engine.start(f, []);
    await turns();
    version = 2;
    const two = bench({ store, flows: [f], clock: new TestClock(Date.UTC(2027, 0, 1)) });
    const { resumed } = await two.engine.recover();
    expect(await resumed[0]?.result()).toEqual(['0 #3', '1 #1', '2 #2']);
    expect(calls).toEqual(['1', '2', '0']);
  });
});

describe('an idempotency key', () => {
  it('starts a run once, in one engine and in two, and gives its outcome ever after', async () => {
    calls.length = 0;
    const store = durableStore();
    const g = gate();
    const f = flow(async (n: number) => g.opened.then(() => work(n)), { name: 'f' });
    const [one, two] = [bench({ store }), bench({ store })];
    const options = { idempotencyKey: 'monday' };
    const first = await one.engine.start(f, [1], options);
    const again = await one.engine.start(f, [1], options);
    const foreign = await two.engine.start(f, [1], options);
    expect([again.id, foreign.id]).toEqual([first.id, first.id]);
    g.open();
    expect(await two.clock.runUntil(foreign.result())).toBe(await first.result());
    expect(await (await two.engine.start(f, [1], options)).result()).toBe('1 #1');
    const other = await one.engine.start(f, [1], { idempotencyKey: 'tuesday' });
    expect(await other.result()).toBe('1 #2');
  });
});

it.each([['\0'], [''], ['\ud800'], [5]])('refuses the idempotency key %j', async (key) => {
  const f = flow(async () => 1, { name: 'f' });
  const start = bench().engine.start(f, [], { idempotencyKey: key as string });
  await expect(start).rejects.toMatchObject({ code: 'KEY_INVALID' });
});

it('a flow that wants a durable store gets one, also as a subflow', async () => {
  const durable = flow(async () => 1, { name: 'durable', durable: true });
  const outer = flow(() => durable(), { name: 'outer' });
  const engine = createEngine({ store: memoryRunStore() });
  await expect(engine.run(durable)).rejects.toMatchObject({ code: 'DURABLE_STORE_REQUIRED' });
  await expect(engine.run(outer)).rejects.toMatchObject({ code: 'DURABLE_STORE_REQUIRED' });
  expect(await bench().engine.run(outer)).toBe(1);
});
