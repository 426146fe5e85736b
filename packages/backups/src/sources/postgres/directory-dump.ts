import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../../model/manifest.ts';
import { checkScratchSpace } from '../../pipeline/space.ts';
import { feedChild } from '../servers/feed-child.ts';
import type { CommandDump, DumpStream, StoredBackup } from '../source.ts';
import type { Workroom } from '../workroom.ts';

/**
 * Dumps by several processes at once, into a directory in the room, and gives that as a tar. pg_dump writes the
 * directory format to files alone.
 *
 * @param dump as it would be without `--format`
 * @throws `SCRATCH_TOO_SMALL`, and what the program's end throws
 */
export async function* dumpDirectory(
  dump: Omit<CommandDump, 'layers'>,
  jobs: number,
  room: Workroom,
): AsyncGenerator<DumpStream, void, void> {
  const { command, expectedBytes = 0, plainName } = dump;
  await checkScratchSpace(room.scratch, expectedBytes);
  const directory = join(room.scratch, `dump-${randomUUID()}`);
  const { program, args = [], env = {}, onEnd } = command;
  const child = await room.startChild(program, {
    args: [...args, '--format=directory', `--jobs=${jobs}`, `--file=${directory}`],
    env,
    stdout: 'ignore',
    signal: room.signal,
  });
  await child.done;
  await onEnd?.({ exit: await child.exited, stderr: child.stderrTail() });
  yield {
    plainName,
    layers: ['zstd'],
    expectedBytes,
    command: { program: 'tar', args: ['-C', directory, '-cf', '-', '.'] },
  };
  await rm(directory, { recursive: true });
}

/** Unpacks an artifact that holds a directory. It is whole and proven when this resolves. */
export async function unpack(
  { backup, room }: { readonly backup: StoredBackup; readonly room: Workroom },
  artifact: Artifact,
): Promise<string> {
  await checkScratchSpace(room.scratch, artifact.plainBytes);
  const directory = join(room.scratch, `dump-${randomUUID()}`);
  await mkdir(directory, { mode: 0o700 });
  const child = await room.startChild('tar', {
    args: ['-x', '-f', '-', '-C', directory],
    stdin: 'pipe',
    signal: room.signal,
  });
  await feedChild(backup.read(artifact), child);
  return directory;
}
