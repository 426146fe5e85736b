import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { allowFailure, defaultEngine, flow, runContext, task } from '@holdfast/core';
import { bench, expectNoUnhandledRejections, gate, statesBelow, turns } from './support.ts';

expectNoUnhandledRejections();

const add = task(async (a: number, b: number) => a + b, { name: 'add' });
const fail = task(
  async (text: string): Promise<number> => {
    throw Object.assign(new Error(text), { code: 'E_FAIL' });
  },
  { name: 'fail' },
);

describe('a call', () => {
  it('gives the result, is recorded, and reads like plain code outside of an engine', async () => {
    expect(await add(1, 2)).toBe(3);
    await expect(fail('no')).rejects.toThrow('no');
    const runs = await defaultEngine().runs({ name: 'task add' });
    expect(runs[0]?.state).toMatchObject({ type: 'COMPLETED', result: { inline: 3 } });
  });

  it('gives a copy, as a resume would', async () => {
    const data = { at: new Date(0) };
    const make = task(async () => data, { name: 'make' });
    const same = flow(async () => [(await make()) === data, (await make()).at.getTime()], {
      name: 'same',
    });
    expect(await bench().engine.run(same)).toEqual([false, 0]);
  });

  it('throws the very error that the function threw', async () => {
    class Special extends Error {}
    const special = task(
      async () => {
        throw new Special('s');
      },
      { name: 'special' },
    );
    const caught = flow(() => special().catch((error: unknown) => error instanceof Special), {
      name: 'caught',
    });
    expect(await bench().engine.run(caught)).toBe(true);
  });

  it('takes what is thrown and is no error', async () => {
    const text = task(
      async () => {
        throw { odd: true };
      },
      { name: 'text' },
    );
    const outer = flow(() => text(), { name: 'outer' });
    await expect(bench().engine.run(outer)).rejects.toThrow('{"odd":true}');
  });

  it('of a task within a task is its child', async () => {
    const inner = task(async () => runContext().runId, { name: 'inner' });
    const outer = task(async () => [runContext().runId, await inner()] as const, { name: 'outer' });
    const b = bench();
    const handle = await b.engine.start(
      flow(() => outer(), { name: 'f' }),
      [],
    );
    const [outerId] = await handle.result();
    const below = await b.engine.below(handle.id);
    expect(below.map(({ name, parentId }) => [name, parentId])).toEqual([
      ['outer', handle.id],
      ['inner', outerId],
    ]);
  });
});

describe('futures as arguments', () => {
  it('are replaced wherever they stand in plain data, and are dependencies', async () => {
    const show = task(async (value: unknown) => JSON.stringify(value), { name: 'show' });
    const f = flow(
      async () => {
        const [one, list] = [add.submit(0, 1), add.map([1, 2], 1)];
        return show.submit({ one, deep: { list: [one, list] }, at: new Date(0), map: new Map() });
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    const at = '1970-01-01T00:00:00.000Z';
    expect(await handle.result()).toBe(
      JSON.stringify({ one: 1, deep: { list: [1, [2, 3]] }, at, map: {} }),
    );
    const runs = await b.engine.below(handle.id);
    const dependent = runs.find(({ name }) => name === 'show');
    const adds = runs.filter(({ name }) => name === 'add').map(({ id }) => id);
    expect(dependent).toMatchObject({ kind: 'task' });
    expect(dependent?.kind === 'task' && dependent.dependsOn.map(({ runId }) => runId)).toEqual(
      adds,
    );
  });

  it('keep the task PENDING in the store while it waits, and cost no commit when they have ended', async () => {
    const g = gate();
    const slow = task(async () => g.opened.then(() => 1), { name: 'slow' });
    const f = flow(
      async () => {
        const waiting = add.submit(slow.submit(), 1);
        await g.opened;
        const ended = add.submit(0, 0);
        await ended;
        return add.submit(await waiting, ended);
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    await turns();
    expect(await statesBelow(b, handle.id)).toEqual([
      'slow RUNNING/Running',
      'add PENDING/Pending',
    ]);
    g.open();
    expect(await handle.result()).toBe(2);
    const runs = await b.engine.below(handle.id);
    // PENDING and RUNNING of the last one were written at once.
    const commits = (await b.engine.history((runs.at(-1) as (typeof runs)[0]).id)).length;
    expect(commits).toBe(3);
  });

  it('that fail skip the task, which says why, and allowFailure lets it run', async () => {
    const f = flow(
      async () => {
        const bad = fail.submit('no');
        const skipped = await add.submit(bad, 1).outcome();
        const waited = await add
          .with({ waitFor: [bad] })
          .submit(1, 1)
          .outcome();
        const told = task(async (o: unknown) => (o as { state: string }).state, { name: 'told' });
        const list = fail.map(['a', 'b']);
        return {
          skipped: [skipped.state, !skipped.ok && (skipped.error as { code?: string }).code],
          waited: waited.state,
          one: await told.submit(allowFailure(bad)),
          list: await task(async (o: { state: string }[]) => o.map(({ state }) => state), {
            name: 'all',
          }).submit(allowFailure(list) as never),
          passed: await add.with({ waitFor: [allowFailure(bad)] }).submit(1, 1),
        };
      },
      { name: 'f' },
    );
    const b = bench();
    const handle = await b.engine.start(f, []);
    expect(await handle.result()).toEqual({
      skipped: ['SKIPPED', 'UPSTREAM_FAILED'],
      waited: 'SKIPPED',
      one: 'FAILED',
      list: ['FAILED', 'FAILED'],
      passed: 2,
    });
    expect(await handle.state()).toMatchObject({ failedTasks: 5 });
  });
});

describe('input', () => {
  const port = z.object({ name: z.string(), port: z.number().default(5432) });

  it('is checked and filled by the schema before the first attempt', async () => {
    const withPort = task.input(port)(async (db) => db.port, { name: 'withPort' });
    const f = flow(async (n: number) => n + (await withPort({ name: 'a' })), {
      name: 'f',
      input: z.number().max(5),
    });
    expect(await bench().engine.run(f, [1])).toBe(5433);
    await expect(bench().engine.run(f, [6])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining("Argument 1 of 'f'"),
    });
  });

  it('that a task refuses fails it without an attempt', async () => {
    const strict = task(async (n: number) => n, { name: 'strict', input: z.number(), retries: 3 });
    const f = flow(() => strict('x' as never), { name: 'f' });
    const b = bench();
    await expect(b.engine.run(f)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(b.told).not.toContain('strict RUNNING/Running');
  });
});

describe('a name for people', () => {
  it('comes from the arguments, once they are known', async () => {
    const named = task(async (n: number) => n, { name: 'named', runName: (n) => `number ${n}` });
    const f = flow(async () => [await named(1), await named.submit(add.submit(1, 1))], {
      name: 'f',
    });
    const b = bench();
    const handle = await b.engine.start(f, []);
    await handle.result();
    const runs = await b.engine.below(handle.id);
    expect(runs.flatMap(({ runName }) => runName ?? [])).toEqual(['number 1', 'number 2']);
  });
});
