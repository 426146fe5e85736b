import { expect, it } from 'vitest';
import { flipBits } from './flipped-bits.ts';
import { runsOr } from './kill.ts';

it('finds every one of 500 flipped bits, wherever it is', async () => {
  const report = await flipBits(runsOr(500));
  expect(report).toMatchObject({ unfound: [], unfoundWithoutHashes: [] });
  console.log(report.flips);
});
