import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A directory with all the programs of another, but one: a shell script, in which `$REAL` is the honest one.
 *
 * @returns the directory
 */
export async function replacing(
  honest: string,
  program: string,
  script: string,
  directory: string,
  version?: string,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  for (const name of await readdir(honest)) {
    if (name !== program) await symlink(join(honest, name), join(directory, name));
  }
  const real = join(honest, program);
  const told = version === undefined ? 'exec "$REAL" --version' : `echo "(PostgreSQL) ${version}"`;
  const text = `#!/bin/sh\nREAL='${real}'\n[ "$1" = --version ] && ${told} && exit\n${script}\n`;
  await writeFile(join(directory, program), text, { mode: 0o755 });
  return directory;
}
