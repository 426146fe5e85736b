import { describe, expect, it } from 'vitest';
import { flow, quote, task, type TaskFuture } from '@holdfast/core';
import { crashAtEveryStep } from '@holdfast/core/testing';
import { bench, expectNoUnhandledRejections, gate, statesBelow, turns } from './support.ts';

expectNoUnhandledRejections();

const add = task(async (a: number, b: number) => a + b, { name: 'add' });
const fail = task(
  async (): Promise<number> => {
    throw new Error('no');
  },
  { name: 'fail' },
);

describe('a quoted value', () => {
  it('is passed as it is: its futures are not awaited, and are no dependencies', async () => {
    const g = gate();
    const slow = task(async () => g.opened.then(() => 7), { name: 'slow' });
    const seen: string[] = [];
    const take = task(
      async (futures: { readonly all: readonly TaskFuture<number>[] }, n: number) => {
        seen.push('took it');
        g.open();
        return (await (futures.all[0] as TaskFuture<number>)) + n;
      },
      { name: 'take' },
    );
    const f = flow(
      async () => {
        const one = slow.submit();
        return take.submit(quote({ all: [one] }), 1);
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toBe(8);
    expect(seen).toEqual(['took it']);
    const taken = (await b.engine.below(handle.id)).find(({ name }) => name === 'take');
    expect(taken).toMatchObject({ kind: 'task', dependsOn: [] });
  });

  it('may stand beside futures, within plain data, and in what map passes whole', async () => {
    const show = task(
      async (value: unknown, more?: unknown) => [typeof value, JSON.stringify(more)] as const,
      { name: 'show' },
    );
    const f = flow(
      async () => {
        const failed = fail.submit();
        const both = await show.submit(add.submit(1, 1), { deep: [quote({ failed: [1] })] });
        const mapped = await show.map([1, add.submit(1, 2)], quote({ futures: failed }) as never);
        return { both, mapped, failed: (await failed.outcome()).state };
      },
      { name: 'f' },
    );
    const future = expect.stringMatching(/^\{"futures":"TaskFuture\(fail:/);
    expect(await bench().engine.run(f)).toEqual({
      both: ['number', '{"deep":[{"failed":[1]}]}'],
      mapped: [
        ['number', future],
        ['number', future],
      ],
      failed: 'FAILED',
    });
  });

  it('counts for the identity of the call as the value does, and a future in it as its run', async () => {
    const calls: string[] = [];
    const note = task(
      async (value: { readonly n: unknown }) => {
        calls.push(typeof value.n);
        return typeof value.n;
      },
      { name: 'note' },
    );
    const f = flow(
      async () => [
        await note.submit(quote({ n: 1 })),
        await note.submit(quote({ n: 2 })),
        await note.submit(quote({ n: add.submit(1, 1) })),
        await note.submit(quote({ n: add.submit(1, 2) })),
      ],
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await handle.result();
    const hashes = (await b.engine.below(handle.id)).flatMap((run) =>
      run.kind === 'task' && run.name === 'note' ? [run.inputHash] : [],
    );
    expect(new Set(hashes).size).toBe(4);
    const plain = flow(async () => note({ n: 1 }), { name: 'plain' });
    const other = await b.engine.start(plain, []);
    await other.result();
    const [run] = await b.engine.below(other.id);
    expect(run).toMatchObject({ inputHash: hashes[0] });
  });

  it('is given to the key and to the name for people as it is', async () => {
    const keyed = task(async (data: { readonly id: string }, n: number) => `${data.id}${n}`, {
      name: 'keyed',
      key: (data, n) => `${data.id}-${n}`,
      runName: (data) => `for ${data.id}`,
    });
    const f = flow(
      async () => {
        const now = keyed.submit(quote({ id: 'a' }), 1);
        expect(now.runId).toBeDefined();
        return [await now, await keyed.submit(quote({ id: 'b' }), add.submit(1, 1))];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual(['a1', 'b2']);
    const runs = (await b.engine.below(handle.id)).filter(({ name }) => name === 'keyed');
    expect(runs.map(({ key, runName }) => [key, runName])).toEqual([
      ['a-1', 'for a'],
      ['b-2', 'for b'],
    ]);
  });

  it('that a flow returns is what it gives', async () => {
    const f = flow(async () => ({ data: quote([1, 2]), n: add.submit(1, 2) }), { name: 'f' });
    expect(await bench().engine.run(f)).toEqual({ data: [1, 2], n: 3 });
  });

  it('starts at once, whatever becomes of the futures in it', async () => {
    const count = task(async (list: readonly TaskFuture<number>[]) => list.length, {
      name: 'count',
    });
    const g = gate();
    const never = task(async () => g.opened.then(() => 1), { name: 'never' });
    const f = flow(
      async () => {
        const [open, failed] = [never.submit(), fail.submit()];
        const n = await count.submit(quote([open, failed]));
        g.open();
        return [n, (await failed.outcome()).state, await open];
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(await handle.result()).toEqual([2, 'FAILED', 1]);
    expect(await statesBelow(b, handle.id)).toContain('count COMPLETED/Completed');
  });

  it('is found again after a crash', async () => {
    const sum = task(
      async (all: { readonly futures: readonly TaskFuture<number>[] }, n: number) =>
        (await Promise.all(all.futures)).reduce((total, each) => total + each, n),
      { name: 'sum' },
    );
    const f = flow(
      async () => {
        const futures = [add.submit(1, 1), add.submit(2, 2)];
        return [await sum.submit(quote({ futures }), 1), await add.submit(quote(5), 5)];
      },
      { name: 'f' },
    );
    const report = await crashAtEveryStep(f);
    expect(report.result).toEqual([7, 10]);
  });
});
