import { expect, it } from 'vitest';
import { killSteps } from './kill-steps.ts';
import { runsOr } from './kill.ts';

it('executes no completed task again, over many kills at random', async () => {
  const report = await killSteps(runsOr(50));
  expect(report).toMatchObject({ repeatedLines: [], missingLines: [], executedAgain: [] });
  expect(report.rounds).toBeGreaterThan(0);
  const { kills, completed, rounds, repeated } = report;
  console.log(
    `${kills} kills: ${completed} tasks of ${rounds} rounds completed, none executed again`,
  );
  console.log(`${repeated} executions followed a planned failure or a kill that cut one off`);
});
