import { expect, it } from 'vitest';
import { killSteps } from './kill-steps.ts';
import { runsOr } from './kill.ts';

it('executes no completed task again, over many kills at random', async () => {
  const report = await killSteps(runsOr(50));
  console.log(
    `${report.kills} kills: ${report.completed} tasks of ${report.rounds} rounds completed, ${report.cutOff} executions were repeated, all of them cut off or planned to fail`,
  );
  expect(report).toMatchObject({ repeatedLines: [], missingLines: [], executedAgain: [] });
  expect(report.rounds).toBeGreaterThan(0);
});
