import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * Skips a test for which this machine lacks something, and says what. Where CI is set nothing may be
 * lacking: there it fails instead.
 */
export function requires(
  present: boolean,
  what: string,
  skip: (note: string) => void,
): asserts present {
  if (present) return;
  if (process.env['CI'] === 'true') throw new Error(`This test needs ${what}`);
  process.stdout.write(`skipped: this test needs ${what}\n`);
  skip(`needs ${what}`);
}

/** Whether a program can be found and run. */
export function hasProgram(name: string, ...parameters: string[]): boolean {
  return spawnSync(name, parameters).status === 0;
}

/** A file system in memory of this size, unmounted when the test has finished; undefined where mounting is not allowed. */
export function smallFileSystem(size: string): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-small-'));
  onTestFinished(() => rmdirSync(directory));
  const options = `size=${size},mode=0777`;
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  if (mounted.status !== 0) return undefined;
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory]);
  });
  return directory;
}

/** Makes a mounted file system read-only. */
export function remountReadOnly(directory: string): boolean {
  return spawnSync('mount', ['-o', 'remount,ro', directory]).status === 0;
}
