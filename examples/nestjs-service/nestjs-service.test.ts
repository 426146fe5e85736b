import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBackups } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { expect, it, onTestFinished } from 'vitest';
import { runProgram } from '../../test/run-program.ts';

// The compiled program: Node strips types, but not decorators.
const program = fileURLToPath(new URL('dist/main.js', import.meta.url));

it('runs decorated methods of what Nest has made as a flow', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-service-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const orders of [1, 2]) {
    const { code, stdout, stderr } = await runProgram(program, [directory], directory);
    expect(stderr).not.toContain('Error');
    expect(JSON.parse(stdout)).toMatchObject({ reached: 'restored', orders });
    expect(code).toBe(0);
  }
  const { backups } = await listBackups(localObjectStore(join(directory, 'backups')));
  expect(backups.map(({ proof }) => proof.level)).toEqual(['restored', 'restored']);
});
