import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { flow, submit, task, type TaskOptions } from '@holdfast/core';
import { engineInMemory, refusalOf } from './support.ts';

const echo = async (text: string): Promise<string> => text;

async function seesNoThis(this: unknown): Promise<boolean> {
  return this === undefined;
}

/** As JavaScript calls it: the compiler refuses all of these. */
const loosely = { task, flow } as unknown as {
  readonly [kind in 'task' | 'flow']: (...args: unknown[]) => unknown;
};

describe('names', () => {
  it('are those of the functions', () => {
    expect(task(echo).taskName).toBe('echo');
    expect(flow(echo).flowName).toBe('echo');
    expect(task(echo, { name: 'other' }).name).toBe('other');
  });

  it('must be there', () => {
    for (const kind of ['task', 'flow'] as const) {
      expect(refusalOf(() => loosely[kind](async () => 1))).toMatchObject({
        code: 'OPTIONS_INVALID',
        message: `A ${kind}: it has no name.`,
        hint: expect.stringContaining('name:'),
      });
    }
    expect(refusalOf(() => task(echo, { name: ' ' })).message).toContain('no name');
  });

  it.each([5, null, Symbol('x'), {}])('must be texts, not %o', (name) => {
    const given = () => loosely.task(async () => 1, { name: name ?? 0 });
    expect(refusalOf(given)).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('a text'),
    });
  });

  it('can be kept by every store', () => {
    expect(refusalOf(() => task(echo, { name: 'a\0b' })).code).toBe('OPTIONS_INVALID');
    expect(refusalOf(() => task(echo, { name: 'a\uD800' })).code).toBe('OPTIONS_INVALID');
  });
});

describe('what is wrapped', () => {
  it('is a function, not a class', () => {
    class Dump {
      readonly name = 'dump';
    }
    expect(refusalOf(() => task(Dump))).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining('class'),
      hint: expect.stringContaining('methods'),
    });
  });

  it('comes first', () => {
    for (const first of [{ name: 'x' }, undefined, null]) {
      expect(refusalOf(() => loosely.task(first, echo))).toMatchObject({
        code: 'OPTIONS_INVALID',
        hint: expect.stringContaining('task(fn, options)'),
      });
    }
  });

  it('is not the other kind already', () => {
    expect(refusalOf(() => flow(task(echo)))).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: "'echo': it is a task, not a flow.",
    });
    expect(refusalOf(() => task(flow(echo))).message).toBe("'echo': it is a flow, not a task.");
  });

  it('is given back when it is the same kind, derived when there are options', () => {
    const dump = task(echo);
    expect(task(dump)).toBe(dump);
    const other = task(dump, { name: 'other' });
    expect([other.taskName, dump.taskName]).toEqual(['other', 'echo']);
  });

  it('gets no this', async () => {
    const seen = task(seesNoThis);
    expect(await seen()).toBe(true);
    expect(await seen.call({})).toBe(true);
  });
});

describe('options', () => {
  it.each([
    ['unknown ones', { retrys: 3 }, "no option 'retrys'"],
    ['options of a flow', { durable: true }, "no option 'durable'"],
    ['a kind', { kind: 'x' }, "no option 'kind'"],
    ['a text for a hook', { onFailure: 'tell' }, 'onFailure must be a function'],
    ['a text for a key', { key: 'x' }, 'key must be a function'],
    ['a text for a condition', { retryIf: 'never' }, 'retryIf must be a function'],
    ['a number for a run name', { runName: 5 }, 'runName must be'],
    ['a number for a description', { description: 5 }, 'description must be'],
    ['one tag', { tags: 'night' }, 'tags must be'],
    ['tags that are no texts', { tags: [1] }, 'tags must be'],
    ['retries in a text', { retries: '3' }, 'retries'],
    ['retries below none', { retries: -1 }, 'retries'],
    ['an unknown option of retries', { retries: { limit: 1, wait: 1 } }, "'wait'"],
    ['half a recovery', { maxRecoveries: 0.5 }, 'maxRecoveries'],
    ['a timeout of nothing', { timeout: 0 }, 'timeout'],
    ['no schema', { input: { type: 'string' } }, 'input must be'],
    ['a list without schemas', { input: [] }, 'input must be'],
    ['a number for a schema', { input: 5 }, 'input must be'],
  ])('refuses %s', (_what, options, message) => {
    expect(refusalOf(() => loosely.task(echo, options))).toMatchObject({
      code: 'OPTIONS_INVALID',
      message: expect.stringContaining(message),
      hint: expect.stringMatching(/./),
    });
  });

  it.each([
    ['a timeout that is none', { timeout: 'soon' }],
    ['a negative grace', { grace: -1 }],
    ['a delay that is none', { retries: { limit: 1, delay: '1 min' } }],
  ])('refuses %s', (_what, options) => {
    expect(refusalOf(() => task(echo, options)).code).toBe('DURATION_INVALID');
  });

  it('refuses a flow that is durable by halves', () => {
    expect(refusalOf(() => loosely.flow(echo, { durable: 'yes' })).message).toContain('durable');
    expect(refusalOf(() => loosely.flow(echo, { concurrency: 3 })).message).toContain(
      "no option 'concurrency'",
    );
  });

  it.each([
    ['a text', 'x'],
    ['a list', []],
    ['null', null],
    ['a number', 5],
  ])('are an object, not %s', (_what, options) => {
    expect(refusalOf(() => loosely.task(echo, options)).message).toContain('an object');
    expect(refusalOf(() => task(echo).with(options as never)).message).toContain('an object');
  });

  it('left undefined count as left out', async () => {
    const options: { readonly [option: string]: undefined } = {
      key: undefined,
      tags: undefined,
      retries: undefined,
      wrong: undefined,
    };
    expect(await task(echo, options as TaskOptions<[string], string>)('x')).toBe('x');
  });
});

describe('with()', () => {
  it('replaces some options and leaves the first task as it was', async () => {
    const keys: string[] = [];
    const keyed = task(echo, {
      key: (text) => {
        keys.push(text);
        return text;
      },
    });
    const derived = keyed.with({ key: () => 'same' });
    const both = flow(async () => [await keyed('a'), await derived('b')], { name: 'both' });
    expect(await engineInMemory().run(both)).toEqual(['a', 'b']);
    expect(keys).toEqual(['a']);
  });

  it('waits for futures only', () => {
    for (const waitFor of [[Promise.resolve()], Promise.resolve(), ['x']]) {
      expect(refusalOf(() => task(echo).with({ waitFor: waitFor as never }))).toMatchObject({
        code: 'OPTIONS_INVALID',
        message: expect.stringContaining('waitFor must be a list of what submit() or map() gave'),
      });
    }
  });

  it('refuses a concurrency that is none', () => {
    for (const concurrency of [0, 1.5, '4']) {
      expect(refusalOf(() => task(echo).with({ concurrency: concurrency as never })).code).toBe(
        'OPTIONS_INVALID',
      );
    }
  });
});

describe('schemas', () => {
  it('give the function what they made of the arguments', async () => {
    const port = task.input(z.object({ port: z.number().default(5432) }))(async (db) => db.port, {
      name: 'port',
    });
    expect(await port({})).toBe(5432);
    const twice = task(async (text: string, times: number) => text.repeat(times), {
      name: 'twice',
      input: [v.pipe(v.string(), v.trim()), z.coerce.number()],
    });
    expect(await twice(' a ', '2')).toBe('aa');
  });

  it('refuse with the place of what is wrong', async () => {
    const port = task.input(z.object({ port: z.number() }))(async (db) => db.port, {
      name: 'port',
    });
    const run = flow(async () => submit(port, { port: 'x' } as never), { name: 'run' });
    await expect(engineInMemory().run(run)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('port: '),
      context: { name: 'port', argument: 1 },
    });
  });
});
