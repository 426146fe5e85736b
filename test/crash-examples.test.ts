import { expect, it } from 'vitest';
import * as examples from './chaos/crash-examples.ts';

const QUICK: ReadonlySet<string> = new Set(['firstFlow', 'decoratedFlow']);

// The short form of test/chaos/crash-examples.chaos.ts: of flows that wait for a disk, some crashes of many.
it.each(Object.entries(examples))(
  '%s gives the same when its process dies',
  { timeout: 120_000 },
  async (name, crashed) => {
    const some = QUICK.has(name) ? 1 : 11;
    expect(await crashed(({ commit }) => commit % some === 0)).toBeGreaterThan(0);
  },
);
