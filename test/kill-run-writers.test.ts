import { expect, it } from 'vitest';
import { killRunWriters } from './chaos/kill-run-writers.ts';

// The short form of test/chaos/kill-run-writers.chaos.ts.
it('loses no acknowledged transition of a writer after SIGKILL', { timeout: 120_000 }, async () => {
  const { kills, acknowledged, lost, broken } = await killRunWriters(5);
  expect({ kills, lost, broken }).toEqual({ kills: 5, lost: [], broken: [] });
  expect(acknowledged).toBeGreaterThan(0);
});
