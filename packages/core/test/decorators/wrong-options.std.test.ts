import { describe, expect, it } from 'vitest';
import { flow, isHoldfastError, task } from '@holdfast/core';
import { SAMPLES, TAKEN } from './wrong-options.ts';

type Options = { readonly [option: string]: unknown };

function decorateFlow(options: Options): unknown {
  class Decorated {
    @flow(options)
    async run(): Promise<void> {}
  }
  return Decorated;
}

function decorateTask(options: Options): unknown {
  class Decorated {
    @task(options)
    async run(): Promise<void> {}
  }
  return Decorated;
}

function codeOf(define: () => unknown): string {
  try {
    define();
    return 'taken';
  } catch (error) {
    return isHoldfastError(error) ? error.code : String(error);
  }
}

describe('every option of a standard decorator is checked where it is given', () => {
  it.each([
    ['flow', decorateFlow, ['waitFor', 'concurrency', 'stopOnFailure', 'stillValid', 'queue']],
    ['task', decorateTask, ['durable', 'resumeWithin', 'resumeOtherVersions']],
  ] as const)('of a %s', (_kind, define, others: readonly string[]) => {
    const wrong: string[] = [];
    for (const [option, taken] of Object.entries(TAKEN)) {
      for (const [label, value] of Object.entries(SAMPLES)) {
        const found = codeOf(() => define({ [option]: value }));
        const right =
          taken.includes(label) && !others.includes(option)
            ? found === 'taken'
            : found === 'OPTIONS_INVALID' || found === 'DURATION_INVALID';
        if (!right) wrong.push(`${option}: ${label} gives ${found}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
