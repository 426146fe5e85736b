import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TreeMember } from '../../model/fingerprint.ts';
import type { Workroom } from '../workroom.ts';
import { writeInto } from './archive-stream.ts';
import { findGnuTar, type GnuTar, startExtract } from './gnu-tar.ts';
import { MemberLog } from './member-log.ts';

/** As the archiver named them. */
function nameOf({ path }: TreeMember): string {
  return path === '.' ? './' : `./${path}`;
}

/** The names that tar is to extract, in a file: its stdin is the archive. */
async function writeNames(only: readonly TreeMember[], room: Workroom): Promise<string> {
  const path = join(room.scratch, 'members');
  await writeFile(path, only.map((one) => `${nameOf(one)}\0`).join(''), { mode: 0o600 });
  return path;
}

async function extractWithTar(
  tar: GnuTar,
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  room: Workroom,
  only: readonly TreeMember[] | undefined,
): Promise<void> {
  const names = only === undefined ? undefined : await writeNames(only, room);
  const child = await startExtract(tar, directory, room, names);
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
  only: readonly TreeMember[] | undefined,
): Promise<void> {
  const { extract } = await import('tar');
  const wanted = new Set(only?.map(({ path }) => path));
  const unpack = extract({
    cwd: directory,
    strict: true,
    preservePaths: true,
    preserveOwner: false,
    filter: (path) =>
      only === undefined || wanted.has(path.replace(/^\.\//, '').replace(/\/$/, '') || '.'),
  });
  await pipeline(Readable.from(archive), unpack as unknown as Writable, { signal: room.signal });
}

/**
 * Extracts an archive into an empty directory. Every member is judged before the extractor sees it.
 *
 * @param only the members to be extracted; undefined: all. The whole archive is read and judged in any case.
 * @throws `ARCHIVE_HOSTILE` see {@link MemberGuard}; `TAR_INVALID`; `TOOL_FAILED`
 * @throws `TOOL_MISSING` it holds sparse files, and there is no GNU tar
 */
export async function extractTree(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  room: Workroom,
  only?: readonly TreeMember[],
): Promise<void> {
  const tar = await findGnuTar(room);
  const sparse = tar !== undefined;
  const log = new MemberLog({ signal: room.signal, sparse, lists: false });
  const guarded = log.through(archive);
  if (tar === undefined) await extractWithLibrary(guarded, directory, room, only);
  else await extractWithTar(tar, guarded, directory, room, only);
}
