import { expect, it } from 'vitest';
import { killNights } from './kill-nights.ts';
import { runsOr } from './kill.ts';

it('lists no half backup and leaves earlier ones alone, over many kills at random', async () => {
  const report = await killNights(runsOr(50));
  expect(report).toMatchObject({ damaged: [], changed: [] });
  expect(report.listed).toBeGreaterThan(0);
  // What a killed process leaves is swept by the next one: only the last can have left something.
  expect(report.scratchLeft).toBeLessThanOrEqual(4);
  console.log(
    `${report.kills} kills: ${report.listed} backups and copies listed, all of them whole`,
  );
});
