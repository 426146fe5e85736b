import { expect, it } from 'vitest';
import { killSteps } from './chaos/kill-steps.ts';

// The short form of test/chaos/kill-steps.chaos.ts.
it('executes no completed task again after SIGKILL', { timeout: 60_000 }, async () => {
  const report = await killSteps(6);
  expect(report).toMatchObject({
    kills: 6,
    repeatedLines: [],
    missingLines: [],
    executedAgain: [],
  });
  expect(report.completed).toBeGreaterThan(0);
});
