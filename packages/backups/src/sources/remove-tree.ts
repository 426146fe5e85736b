import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const OPTIONS = { recursive: true, force: true, maxRetries: 3 } as const;

/** A restored directory may lack the right to be emptied: modes are restored, too. */
async function open(directory: string): Promise<void> {
  if (!(await lstat(directory)).isDirectory()) return;
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await open(join(directory, entry.name));
  }
}

/** Removes a directory of ours with all that is in it, directories without write permission included. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, OPTIONS);
  } catch {
    await open(path);
    await rm(path, OPTIONS);
  }
}
