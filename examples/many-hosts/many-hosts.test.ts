import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

const program = fileURLToPath(new URL('src/main.ts', import.meta.url));

it('backs up every host but the one that is not there', { timeout: 120_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'many-hosts-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { code, stdout } = await runProgram(program, [directory], directory);
  const [first, second] = stdout.split('\n');
  expect(first).toBe('11 hosts are backed up');
  expect(second).toMatch(/^host-7: .*host-7/);
  expect(code).toBe(1);
  const { backups } = await listBackups(localObjectStore(join(directory, 'vault')));
  expect(new Set(backups.map(({ manifest }) => manifest.set)).size).toBe(11);
});
