import { describe, expect, it } from 'vitest';
import { flow, group, runContext, task } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, turns } from './support.ts';
import { workers } from './workers.ts';

expectNoUnhandledRejections();

describe('the limit of a group', () => {
  it('counts calls, submissions and maps together', async () => {
    const w = workers();
    const f = flow(
      () =>
        group('all', { concurrency: 2 }, async () => {
          const direct = w.work('direct');
          const one = w.work.submit('one');
          const list = w.work.map(['a', 'b', 'c']);
          return [await direct, await one, await list];
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    for (const [ended, then] of [
      ['direct', ['one', 'a']],
      ['one', ['a', 'b']],
      ['b', ['a', 'c']],
      ['a', ['c']],
      ['c', []],
    ] as const) {
      await w.end(ended);
      expect(w.under).toEqual(then);
    }
    expect(await handle.result()).toEqual(['direct', 'one', ['a', 'b', 'c']]);
    expect(w.most()).toBe(2);
  });

  it('shows who waits for it, which is not under way, and pulls no items meanwhile', async () => {
    const w = workers();
    const pulled: string[] = [];
    function* items(): Generator<string> {
      for (const each of ['a', 'b']) {
        pulled.push(each);
        yield each;
      }
    }
    const f = flow(
      () =>
        group('disk', { concurrency: 1 }, async () => {
          const [first, second] = [w.work.submit('first'), w.work.submit('second')];
          return [await w.work.map(items()), await first, await second];
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(pulled).toEqual([]);
    const runs = await b.engine.below(handle.id);
    expect(runs.map(({ state, groups }) => [state, groups])).toMatchObject([
      [{ type: 'RUNNING' }, ['disk']],
      [{ type: 'SCHEDULED', name: 'AwaitingSlot', limits: ['holdfast:group:disk'] }, ['disk']],
    ]);
    for (const name of ['first', 'second', 'a', 'b']) {
      await turns();
      await w.end(name);
    }
    expect(await handle.result()).toEqual([['a', 'b'], 'first', 'second']);
    const waited = b.told.filter((each) => each === 'work SCHEDULED/AwaitingSlot');
    expect(waited).toHaveLength(1);
  });

  it('is kept by a run over its retries and its own calls, which stand in no group', async () => {
    const attempts: string[] = [];
    const inner = task(async (text: string) => text, { name: 'inner' });
    const twice = task(
      async (name: string) => {
        attempts.push(`${name}${runContext().attempt}`);
        await inner(name);
        if (runContext().attempt === 1) throw new Error('again');
        return name;
      },
      { name: 'twice', retries: { limit: 1, delay: '1h' } },
    );
    const f = flow(() => group('one', { concurrency: 1 }, () => twice.map(['a', 'b'])), {
      name: 'f',
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await b.clock.runUntil(handle.result())).toEqual(['a', 'b']);
    expect(attempts).toEqual(['a1', 'a2', 'b1', 'b2']);
    const runs = await b.engine.below(handle.id);
    expect(runs.filter(({ name }) => name === 'inner').map(({ groups }) => groups)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('counts a subflow as one', async () => {
    const w = workers();
    const sub = flow(async (name: string) => [await w.work(`${name}1`), await w.work(`${name}2`)], {
      name: 'sub',
    });
    const f = flow(
      () => group('subs', { concurrency: 1 }, () => Promise.all([sub('a'), sub('b')])),
      { name: 'f' },
    );
    const handle = await bench().engine.start(f, []);
    await turns();
    for (const name of ['a1', 'a2', 'b1', 'b2']) {
      expect(w.under).toEqual([name]);
      await w.end(name);
    }
    expect(await handle.result()).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
  });

  it('of a group within a group holds beside that around it', async () => {
    const w = workers();
    const f = flow(
      () =>
        group('outer', { concurrency: 3 }, async () => {
          const inner = group('inner', { concurrency: 2 }, () => w.work.map(['a', 'b', 'c']));
          return [await w.work.map(['x', 'y', 'z']), await inner];
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(w.under).toHaveLength(3);
    expect(w.under.filter((name) => name < 'd')).toHaveLength(2);
    while (w.under.length > 0) await w.end(w.under[0] as string);
    await handle.result();
    expect(w.most()).toBe(3);
    const runs = await b.engine.below(handle.id);
    expect(new Set(runs.map(({ groups }) => groups?.join('/')))).toEqual(
      new Set(['outer/inner', 'outer']),
    );
  });

  it('is taken only when the inputs are there', async () => {
    const w = workers();
    const f = flow(
      () =>
        group('one', { concurrency: 1 }, async () => {
          const first = w.work.submit('first');
          const second = w.work.submit(first);
          const third = w.work.submit('third');
          return [await first, await second, await third];
        }),
      { name: 'f' },
    );
    const handle = await bench().engine.start(f, []);
    await turns();
    await w.end('first');
    expect(w.under).toEqual(['third']);
    await w.end('third');
    await w.end('first');
    expect(await handle.result()).toEqual(['first', 'first', 'third']);
  });

  it('is given back by what was told to stop while it waited', async () => {
    const w = workers();
    const f = flow(
      () =>
        group('one', { concurrency: 1 }, async () => {
          const first = w.work.submit('first');
          const second = w.work.submit('second');
          const third = w.work.submit('third');
          await turns();
          second.cancel('not needed');
          return [await first, (await second.outcome()).state, await third];
        }),
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns(40);
    await w.end('first');
    await w.end('third');
    expect(await handle.result()).toEqual(['first', 'CANCELLED', 'third']);
    expect(b.told.filter((each) => each === 'work RUNNING/Running')).toHaveLength(2);
  });
});
