import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));

it('proves a restore of the copy, and says how the set stands', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sunday-drill-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { code, stdout, stderr } = await runProgram(program, [directory], directory);
  expect(stderr).not.toMatch(/[A-Z]+_[A-Z]+:/);
  expect(stdout).toMatch(
    /^shop: restored\nshop is good: its newest restorable backup is 0\.0 hours old; .* lies in 2 stores\.\n$/,
  );
  expect(code).toBe(0);
  const { backups } = await listBackups(localObjectStore(join(directory, 'vault')));
  expect(backups.map(({ proof }) => proof.level)).toEqual(['restored']);
});
