import { mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty directory of a test's own, which goes with the test. */
export async function emptyDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-local-')));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** How many files below a directory this process has open; undefined without /proc. */
export async function openFilesBelow(directory: string): Promise<number> {
  const names = await readdir('/proc/self/fd');
  const targets = await Promise.all(
    names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith(directory)).length;
}

/** The unfinished files of a store. */
export async function unfinishedIn(directory: string): Promise<string[]> {
  return readdir(join(directory, '.holdfast-tmp')).catch(() => []);
}

/**
 * Skips a test that this machine cannot run, and says why. On the build machine, which is set up to
 * run all of them, that is a failure.
 */
export function needs(condition: boolean, reason: string, skip: (note: string) => void): void {
  if (condition) return;
  if (process.env['CI'] === 'true') throw new Error(`This test must run here: ${reason}.`);
  console.log(`skipped: ${reason}`);
  skip(reason);
}

/** All that a stream gives. */
export async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
