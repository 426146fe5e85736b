import { randomBytes } from 'node:crypto';
import { readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { makeDefaultRoot } from '../workroom.ts';

/** The longest path of a socket: sun_path has 108 bytes on Linux, 104 on macOS. */
const LONGEST_SOCKET = 103;

/** Removes links of servers that are gone. */
async function sweepLinks(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (!/^s-[0-9a-f]{8}$/.test(name)) continue;
    const link = join(root, name);
    const target = await readlink(link).catch(() => undefined);
    if (target === undefined) continue;
    if ((await stat(link).catch(() => undefined)) === undefined) await rm(link, { force: true });
  }
}

/**
 * Makes a short way to a directory with a socket in it, whose own path may be longer than a socket's may be. Whoever
 * asks for it removes it; it is swept when its directory is gone.
 *
 * @throws `SCRATCH_SERVER_FAILED` even the short way is too long
 */
export async function linkTo(directory: string, socket: string): Promise<string> {
  const root = await makeDefaultRoot();
  await sweepLinks(root);
  const link = join(root, `s-${randomBytes(4).toString('hex')}`);
  if (Buffer.byteLength(join(link, socket)) > LONGEST_SOCKET) {
    throw new HoldfastError(
      'SCRATCH_SERVER_FAILED',
      `The path of a socket in ${root} is too long.`,
      {
        hint: 'Set TMPDIR to a shorter one, or name a server for scratch copies.',
        retryable: false,
      },
    );
  }
  await symlink(directory, link);
  return link;
}
