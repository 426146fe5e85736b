import { describe, expect, it } from 'vitest';
import { flow, task, submit } from '@holdfast/core';
import { engineInMemory } from './support.ts';

class Tools {
  @task({ retries: 3 })
  async show(
    count: number,
    since?: Date,
    deep?: boolean,
    names: string[] = [],
    label?: string,
  ): Promise<unknown[]> {
    return [count, since, deep, names, label];
  }

  @task()
  async anything(value: unknown, either?: string | number, all?: { a: number }): Promise<unknown> {
    return [value, either, all];
  }

  @flow()
  async run(count: number, since: Date): Promise<unknown> {
    return { count, since };
  }

  seen: number[] = [];

  @task({ retries: 2 })
  async noted(count: number): Promise<void> {
    this.seen.push(count);
  }
}

const tools = new Tools();
const show = tools.show as (...args: unknown[]) => Promise<unknown[]>;

const INSTANT = '2026-02-28T12:00:00Z';
const DATE = new Date(INSTANT);

describe('arguments are turned into what the parameters say', () => {
  it.each([
    ['numbers in texts', ['42'], [42, undefined, undefined, [], undefined]],
    ['fractions and exponents', ['-1.5e3'], [-1500, undefined, undefined, [], undefined]],
    ['dates in ISO 8601', [1, INSTANT], [1, DATE, undefined, [], undefined]],
    [
      'days alone',
      [1, '2028-02-29'],
      [1, new Date('2028-02-29T00:00:00Z'), undefined, [], undefined],
    ],
    ['what fits', [1, DATE, true, ['a'], 'x'], [1, DATE, true, ['a'], 'x']],
    ['undefined', [1, undefined, undefined, undefined], [1, undefined, undefined, [], undefined]],
  ])('%s', async (_what, given, got) => {
    expect(await show(...given)).toEqual(got);
  });

  it('types that are none at run time take everything', async () => {
    expect(await tools.anything({ a: 1 }, 'x', { a: 1 })).toEqual([{ a: 1 }, 'x', { a: 1 }]);
  });

  it('null is passed as it is', async () => {
    expect(await show(null)).toEqual([null, undefined, undefined, [], undefined]);
  });
});

describe('arguments are refused', () => {
  it.each([
    ['a text that is no number', ['4 GB'], 1, 'a number'],
    ['an empty text', [''], 1, 'a number'],
    ['a number too great to be one', ['1e999'], 1, 'a number'],
    ['true for a number', [true], 1, 'a number'],
    ['a text that is no date', [1, 'yesterday'], 2, 'a date'],
    ['a text that only looks like a date', [1, 'room 12'], 2, 'a date'],
    ['a day that does not exist', [1, '2026-02-31'], 2, 'a date'],
    ['a number for a date', [1, 5], 2, 'a date'],
    ['a date that is none', [1, new Date('x')], 2, 'a date'],
    ['a text for a boolean', [1, DATE, 'true'], 3, 'a boolean'],
    ['a number for a boolean', [1, DATE, 1], 3, 'a boolean'],
    ['a text for an array', [1, DATE, true, 'a'], 4, 'an array'],
    ['an object for an array', [1, DATE, true, { length: 0 }], 4, 'an array'],
    ['a number for a text', [1, DATE, true, [], 7], 5, 'a string'],
  ])('%s', async (_what, given, argument, wanted) => {
    await expect(show(...given)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      retryable: false,
      message: expect.stringContaining(wanted),
      hint: expect.any(String),
      context: { name: 'show', argument },
    });
  });

  it('before the function is called, also when a future brings them', async () => {
    const text = task(async () => 'many', { name: 'text' });
    const run = flow(async () => submit(tools.noted, text.submit() as never), { name: 'run' });
    await expect(engineInMemory().run(run)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(tools.seen).toEqual([]);
  });

  it('of a flow as of a task', async () => {
    const engine = engineInMemory();
    const run = tools.run as (...args: unknown[]) => Promise<unknown>;
    expect(await engine.run(run, ['3', INSTANT])).toEqual({ count: 3, since: DATE });
    await expect(engine.run(run, ['three', DATE])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      context: { name: 'run', argument: 1 },
    });
  });

  it('by a task that was derived, too', async () => {
    const derived = task(show as typeof tools.show).with({ tags: ['x'] });
    await expect(derived('many' as never)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
