import { isHoldfastError } from '@holdfast/core';
import type { Child } from '@holdfast/core/process';
import type { Workroom } from '../workroom.ts';

/** GNU tar as it was found. */
export interface GnuTar {
  readonly command: string;
  readonly version: string;
  /** Options for what goes beyond POSIX, as far as this build has them. */
  readonly extras: readonly string[];
}

/** Messages in English, and names taken as bytes. */
const ENV = { LC_ALL: 'C', TAR_OPTIONS: '' };

async function printed(room: Workroom, command: string, option: string): Promise<string> {
  const child = await room.startChild(command, { args: [option], env: ENV, signal: room.signal });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer);
  await child.done;
  return Buffer.concat(chunks).toString('utf8');
}

async function look(room: Workroom, command: string): Promise<GnuTar | undefined> {
  try {
    const [first = ''] = (await printed(room, command, '--version')).split('\n');
    const version = /\(GNU tar\) (\S+)/.exec(first)?.[1];
    if (version === undefined) return undefined;
    const help = await printed(room, command, '--help');
    return {
      command,
      version,
      extras: ['--acls', '--xattrs'].filter((name) => help.includes(name)),
    };
  } catch (error) {
    room.signal.throwIfAborted();
    const code = isHoldfastError(error) ? error.code : undefined;
    if (code === 'TOOL_MISSING' || code === 'TOOL_NOT_EXECUTABLE' || code === 'TOOL_FAILED') {
      return undefined;
    }
    throw error;
  }
}

/** Looks for GNU tar: as `tar`, and as `gtar`, its name where another tar has the first. */
export async function findGnuTar(room: Workroom): Promise<GnuTar | undefined> {
  return (await look(room, 'tar')) ?? (await look(room, 'gtar'));
}

/** The extra options that the manifest's tools say were used: `acls xattrs`. */
export function extrasText(tar: GnuTar): string {
  return tar.extras.map((option) => option.slice(2)).join(' ');
}

/**
 * Starts tar so that it archives exactly the names that it is fed on stdin, each ended by a null byte.
 * Exit codes (GNU tar manual, 1.9): 1, files changed while they were read; 2, a file could not be read
 * or, since every name is given, is no longer there. Who reads must judge 2.
 */
export function startCreate(tar: GnuTar, directory: string, room: Workroom): Promise<Child> {
  const args = [
    '--create',
    '--file=-',
    '--format=posix',
    // 64 KiB at once, as much as a pipe takes, in place of 10.
    '--blocking-factor=128',
    '--pax-option=delete=atime,delete=ctime',
    '--numeric-owner',
    // Holes are not read, and come back as holes. Nothing changes for files without.
    '--sparse',
    ...tar.extras,
    `--directory=${directory}`,
    '--null',
    '--verbatim-files-from',
    '--no-recursion',
    '--files-from=-',
  ];
  return room.startChild(tar.command, {
    args,
    env: ENV,
    stdin: 'pipe',
    signal: room.signal,
    allowedExitCodes: [0, 1, 2],
  });
}

/**
 * Starts tar so that it extracts what it is fed on stdin into an empty directory, with modes as
 * archived, and owners where this process may set them. tar's own protections stay on.
 *
 * @param names a file with the names of the members to be extracted, each ended by a null byte; undefined: all
 */
export function startExtract(
  tar: GnuTar,
  directory: string,
  room: Workroom,
  names: string | undefined,
): Promise<Child> {
  const args = [
    '--extract',
    '--file=-',
    '--numeric-owner',
    '--same-permissions',
    '--delay-directory-restore',
    ...tar.extras,
    `--directory=${directory}`,
    ...(names === undefined
      ? []
      : ['--null', '--verbatim-files-from', '--no-recursion', `--files-from=${names}`]),
  ];
  return room.startChild(tar.command, {
    args,
    env: ENV,
    stdin: 'pipe',
    stdout: 'ignore',
    signal: room.signal,
  });
}
