import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { flipBits } from './chaos/flipped-bits.ts';
import { isProvided } from './servers/provided.ts';

const hasAge = isProvided(spawnSync('age', ['--version']).status === 0, 'the program age');

// The short form of test/chaos/flipped-bits.chaos.ts.
it.skipIf(!hasAge)('finds a flipped bit, wherever it is', { timeout: 120_000 }, async () => {
  const report = await flipBits(45);
  expect(report).toMatchObject({ unfound: [], unfoundWithoutHashes: [] });
  expect(Object.keys(report.flips).toSorted()).toEqual([
    '*.members.jsonl.zst.age',
    '*.sha256.age',
    '*.sqlite.zst',
    '*.tar.zst.age',
    'RESTORE.md',
    'SHA256SUMS',
    'manifest.json',
  ]);
});
