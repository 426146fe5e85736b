import { describe, expect, it } from 'vitest';
import { flow, isHoldfastError, task } from '@holdfast/core';
import { KNOWN_OPTIONS } from '../../src/definition/known-options.ts';
import { RETRIES_TAKE, SAMPLES, TAKEN } from './wrong-options.ts';

type Options = { readonly [option: string]: unknown };
type Define = (options: Options) => unknown;

async function body(): Promise<number> {
  return 1;
}

/** Every way to give options to a flow or a task. */
const WAYS: { readonly [kind in 'flow' | 'task']: { readonly [way: string]: Define } } = {
  flow: {
    'flow(fn, options)': (options) => flow(body, options),
    'flow.with(options)': (options) => flow(body).with(options),
    'flow(flow, options)': (options) => flow(flow(body), options),
    '@flow(options)': (options) => {
      class Decorated {
        @flow(options)
        async run(): Promise<void> {}
      }
      return Decorated;
    },
  },
  task: {
    'task(fn, options)': (options) => task(body, options),
    'task.with(options)': (options) => task(body).with(options),
    'task.input(schema)(fn, options)': (options) =>
      (task.input as unknown as (schema: undefined) => (...args: unknown[]) => unknown)(undefined)(
        body,
        options,
      ),
    '@task(options)': (options) => {
      class Decorated {
        @task(options)
        async run(): Promise<void> {}
      }
      return Decorated;
    },
  },
};

/** What a definition is refused with: a code, or what else it threw. */
function refusal(define: () => unknown): unknown {
  try {
    define();
    return 'taken';
  } catch (error) {
    return isHoldfastError(error) && error.hint !== undefined && !error.retryable
      ? error.code
      : error;
  }
}

const CODES = ['OPTIONS_INVALID', 'DURATION_INVALID'];

describe.each(['flow', 'task'] as const)('every option of a %s', (kind) => {
  const options = [...KNOWN_OPTIONS[kind]];

  it('has its line in the table of what is taken', () => {
    expect(options.filter((option) => !(option in TAKEN))).toEqual([]);
  });

  it.each(Object.entries(WAYS[kind]))('is checked where it is given, by %s', (_way, define) => {
    const wrong: unknown[] = [];
    for (const option of options) {
      for (const [label, value] of Object.entries(SAMPLES)) {
        const taken = (TAKEN[option] ?? []).includes(label);
        const found = refusal(() => define({ [option]: value }));
        const right = taken ? found === 'taken' : CODES.includes(String(found));
        if (!right) wrong.push(`${option}: ${label} gives ${String(found)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('of retries is checked likewise', () => {
    const wrong: unknown[] = [];
    const [define] = Object.values(WAYS[kind]) as [Define];
    for (const [option, taken] of Object.entries(RETRIES_TAKE)) {
      for (const [label, value] of Object.entries(SAMPLES)) {
        const found = refusal(() => define({ retries: { limit: 1, [option]: value } }));
        const right = taken.includes(label) ? found === 'taken' : CODES.includes(String(found));
        if (!right) wrong.push(`${option}: ${label} gives ${String(found)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is refused where it is not known, with those that are', () => {
    const other = kind === 'flow' ? 'concurrency' : 'durable';
    for (const option of ['retrys', other, '__proto__x', 'toString']) {
      for (const define of Object.values(WAYS[kind])) {
        expect(refusal(() => define({ [option]: 1 }))).toBe('OPTIONS_INVALID');
      }
    }
  });
});
