import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is removed when the test has finished. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/**
 * A file system of this size in memory, unmounted when the test has finished; undefined, after a word on it,
 * where mounting is not allowed. With CI set it must be allowed.
 */
export function smallDisk(size: string): string | undefined {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  onTestFinished(() => rmdirSync(path));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  if (status === 0) {
    onTestFinished(() => {
      spawnSync('umount', ['-l', path]);
    });
    return path;
  }
  if (process.env['CI'] === 'true') throw new Error('This test needs the right to mount.');
  process.stdout.write('skipped: this test needs the right to mount a file system\n');
  return undefined;
}
