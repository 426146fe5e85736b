import { describe, expect, it, onTestFinished } from 'vitest';
import { createEngine, flow, isTerminal, task } from '@holdfast/core';
import type { Flow } from '@holdfast/core';
import { postgresRunStore } from '../../src/postgres/index.ts';
import { canRun, databases } from './scratch.ts';

const TASKS = 200;

/** How often each task was executed. */
type Counts = number[];

/** Runs tasks, some in sequence and the rest side by side, and calls `strike` in the midst of both. */
function flowOf(counts: Counts, strike: () => void): Flow<() => Promise<number>> {
  const work = task(
    async (n: number) => {
      counts[n] = (counts[n] ?? 0) + 1;
      if (n === 20 || n === 100) strike();
      return n * n;
    },
    { name: 'work' },
  );
  return flow(
    async () => {
      let sum = 0;
      for (let n = 0; n < 40; n++) sum += await work(n);
      const rest = Array.from({ length: TASKS - 40 }, (_, n) => work.submit(n + 40));
      for (const future of rest) sum += await future;
      return sum;
    },
    { name: 'sums' },
  );
}

describe.runIf(canRun)('a server that restarts under load', () => {
  const kept = databases();

  it.each(['fast', 'immediate'] as const)(
    'loses no outcome, and lets the flow end right (%s)',
    async (mode) => {
      const url = kept.server.url(kept.fresh());
      const counts: Counts = [];
      const restarts: Promise<void>[] = [];
      const sums = flowOf(counts, () => {
        const before = restarts.at(-1) ?? Promise.resolve();
        restarts.push(before.then(() => kept.server.restart(mode)));
      });
      const engine = createEngine({ store: postgresRunStore({ url }), flows: [sums] });
      onTestFinished(() => engine.stop());
      const told = new Set<string>();
      engine.events.on('state', ({ run, state }) => {
        if (isTerminal(state)) told.add(run.id);
      });
      const sum = await engine.run(sums);
      await Promise.all(restarts);
      expect(restarts).toHaveLength(2);
      expect(sum).toBe(Array.from({ length: TASKS }, (_, n) => n * n).reduce((a, b) => a + b));
      expect(counts).toEqual(Array.from({ length: TASKS }, () => 1));
      const store = postgresRunStore({ url });
      onTestFinished(() => store.close());
      await store.open();
      const completed = await store.runs({ states: ['COMPLETED'], limit: 1000 });
      expect(new Set(completed.map(({ id }) => id))).toEqual(told);
      expect(completed).toHaveLength(TASKS + 1);
      expect(await store.check()).toEqual([]);
    },
    120_000,
  );
});
