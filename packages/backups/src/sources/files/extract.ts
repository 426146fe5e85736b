import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import type { Workroom } from '../workroom.ts';
import { writeInto } from './archive-stream.ts';
import { findGnuTar, type GnuTar, startExtract } from './gnu-tar.ts';
import { MemberLog } from './member-log.ts';

async function extractWithTar(
  tar: GnuTar,
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  room: Workroom,
): Promise<void> {
  const child = await startExtract(tar, directory, room);
  const stdin = child.stdin as Writable;
  try {
    await writeInto(archive, stdin);
    stdin.end();
  } catch (error) {
    // A broken pipe is tar's end; its exit code says why.
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
      await child.kill(error);
      throw error;
    }
  }
  await child.done;
}

/**
 * {@link MemberGuard} has judged every member: node-tar's own protections, which would change the text of
 * symlinks, are off. Its parser cuts long names at a line feed: the comparison with the member list that
 * follows every restore sees that.
 */
async function extractWithLibrary(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  room: Workroom,
): Promise<void> {
  const unpack = extract({
    cwd: directory,
    strict: true,
    preservePaths: true,
    preserveOwner: false,
  });
  await pipeline(Readable.from(archive), unpack as unknown as Writable, { signal: room.signal });
}

/**
 * Extracts an archive into an empty directory. Every member is judged before the extractor sees it.
 *
 * @throws `ARCHIVE_HOSTILE` see {@link MemberGuard}; `TAR_INVALID`; `TOOL_FAILED`
 */
export async function extractTree(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  room: Workroom,
): Promise<void> {
  const guarded = new MemberLog().through(archive);
  const tar = await findGnuTar(room);
  if (tar === undefined) await extractWithLibrary(guarded, directory, room);
  else await extractWithTar(tar, guarded, directory, room);
}
