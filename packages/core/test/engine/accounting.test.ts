import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine, flow, memoryRunStore, runContext, task, type Engine } from '@holdfast/core';

let engine: Engine;

beforeEach(() => {
  engine = createEngine({ store: memoryRunStore() });
});

afterEach(() => engine.stop());

const boom = task(
  async (): Promise<string> => {
    throw Object.assign(new Error('boom'), { code: 'E_BOOM' });
  },
  { name: 'boom' },
);
const use = task(async (text: string) => text, { name: 'use' });

describe('failures that were passed on', () => {
  it('the end of a chain stands for what it needed', async () => {
    const chain = flow(async () => use.submit(use.submit(boom.submit())), { name: 'chain' });
    await expect(engine.run(chain)).rejects.toMatchObject({
      code: 'UPSTREAM_FAILED',
      cause: { code: 'UPSTREAM_FAILED', cause: { code: 'E_BOOM' } },
    });
  });

  it('what was skipped beside a failure that was looked at adds nothing to it', async () => {
    const beside = flow(
      async () => {
        const first = boom.submit();
        use.submit(first);
        return first;
      },
      { name: 'beside' },
    );
    await expect(engine.run(beside)).rejects.toMatchObject({ code: 'E_BOOM' });
  });

  it('a chain whose end nobody looked at fails the flow', async () => {
    const silent = flow(
      async () => {
        use.submit(boom.submit());
        return 'well';
      },
      { name: 'silent' },
    );
    await expect(engine.run(silent)).rejects.toMatchObject({
      code: 'UNOBSERVED_FAILURE',
      cause: { code: 'E_BOOM' },
    });
  });

  it('a future within what a flow returns was looked at', async () => {
    const returned = flow(async () => ({ deep: [boom.submit()] }), { name: 'returned' });
    await expect(engine.run(returned)).rejects.toMatchObject({ code: 'E_BOOM' });
  });

  it('a list that a flow returns throws one error for all of its members', async () => {
    const list = flow(async () => ({ all: boom.mapArgs([[], []]) }), { name: 'list' });
    await expect(engine.run(list)).rejects.toMatchObject({ code: 'E_BOOM' });
  });
});

describe('names', () => {
  it('two functions under one name are refused', async () => {
    const other = task(async (n: number) => n + 1, { name: 'use' });
    const twice = flow(async () => [await use('a'), await other(1)], { name: 'twice' });
    await expect(engine.run(twice)).rejects.toMatchObject({ code: 'NAME_REUSED' });
  });

  it('one function with other options, on another instance, or made anew is no other', async () => {
    const again = flow(
      async () => {
        const made = [1, 2].map((n) => task(async () => n, { name: 'made' }));
        await use.with({ timeout: '1m' })('a');
        return Promise.all([use('b'), ...made.map((one) => one())]);
      },
      { name: 'again' },
    );
    expect(await engine.run(again)).toEqual(['b', 1, 2]);
  });
});

it('the methods of a context can be taken apart', async () => {
  const taken = flow(
    async () => {
      const { now, random, uuid, resource, assertLease, progress } = runContext();
      progress({ done: 1, unit: 'files' });
      await assertLease();
      expect(() => resource('nothing')).toThrow('nothing');
      return [typeof now(), typeof random(), typeof uuid()];
    },
    { name: 'taken' },
  );
  expect(await engine.run(taken)).toEqual(['number', 'number', 'string']);
});
