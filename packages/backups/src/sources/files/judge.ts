import { join } from 'node:path';
import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type { TreeMember } from '../../model/fingerprint.ts';
import type { ArchiverEnd } from './archive-stream.ts';
import { type FileFacts, lookAt, lookAtAll } from './file-facts.ts';
import type { MemberLog } from './member-log.ts';
import type { Found, Walk } from './walk.ts';

/** What is no error between a walk and the archive that was made of it. */
export interface Verdict {
  readonly changed: readonly string[];
  readonly vanished: readonly string[];
  readonly warnings: readonly string[];
}

/** Complaints that are explained by files that vanished, changed or shrank; anything else is an error. */
const EXPLAINED = [
  /: Cannot (?:stat|open|readlink): No such file or directory$/,
  /: File removed before we read it$/,
  /: file changed as we read it$/,
  /: File shrank by \d+ bytes; padding with zeros$/,
  /: (?:contains a cache directory tag|socket ignored|file is unchanged; not dumped)/,
  /^tar: Exiting with failure status due to previous errors$/,
];

/** The child's stderr is kept up to 8 KiB: beyond this, its beginning may be missing. */
const WHOLE_COMPLAINTS = 7 * 1024;

function unexplained(complaints: string): string | undefined {
  return complaints
    .split('\n')
    .filter((line) => line.trim() !== '')
    .find((line) => !EXPLAINED.some((known) => known.test(line.trim())));
}

function checkEnd(root: string, end: ArchiverEnd): void {
  if (end.code === 0) return;
  const line = unexplained(end.complaints);
  if (line !== undefined) {
    throw new HoldfastError('SOURCE_UNREADABLE', `Not all of ${root} could be read: ${line}`, {
      hint: 'Give this process the right to read it, or exclude it. Nothing was published.',
      retryable: !/Permission denied/.test(line),
      context: { root, line },
    });
  }
  if (end.code > 1 && end.complaints.length > WHOLE_COMPLAINTS) {
    throw new HoldfastError(
      'DUMP_INCOMPLETE',
      `tar had more complaints of ${root} than are kept.`,
      {
        hint: 'Too much of the tree vanishes while it is read. Back up a snapshot of it.',
        context: { root },
      },
    );
  }
}

/** What is not there, or cannot be seen any more, has no facts. */
function present(facts: FileFacts | Error): FileFacts | undefined {
  return facts instanceof Error ? undefined : facts;
}

function isSame(then: FileFacts, now: FileFacts): boolean {
  return now.mtimeNs === then.mtimeNs && now.size === then.size && now.ino === then.ino;
}

/** A file whose size, time or inode is another than at the walk was written to meanwhile. */
function hasChanged(one: Found, now: FileFacts | undefined, member: TreeMember): boolean {
  if (one.type !== 'file') return member.type !== one.type && member.type !== 'hardlink';
  if (member.type === 'hardlink') return false;
  const differs = now !== undefined && !isSame(one.facts, now);
  return differs || member.type !== 'file' || (member.bytes ?? 0) !== one.facts.size;
}

/**
 * Makes sure that the root is the directory that was walked: names were archived below its path, and what
 * has meanwhile been mounted or renamed there is another tree.
 *
 * @throws `DUMP_INCOMPLETE`
 */
export async function checkRoot({ root, found }: Walk): Promise<void> {
  const then = found[0]?.facts;
  const now = present(await lookAt(root));
  if (now !== undefined && now.ino === then?.ino && now.dev === then.dev) return;
  throw incomplete(root, '.', now === undefined ? 'is gone' : 'is another directory by now');
}

/** An archive of ours that no extractor may have: the tree changed under the archiver. */
export function madeFromChange(root: string, error: unknown): unknown {
  const changed = isHoldfastError(error) && /^(?:ARCHIVE_HOSTILE|TAR_INVALID)$/.test(error.code);
  return changed
    ? incomplete(root, '.', `changed while it was archived (${error.message})`, error)
    : error;
}

/**
 * Whether a file went into the archive as it was found: a member of that size and time, by an archiver that has seen it
 * change neither while it read it. It need not be looked at again. A hard link has no content of its own.
 */
function isAsFound({ type, facts }: Found, { member, mtimeNs }: Archived): boolean {
  if (type !== 'file' || member.type === 'hardlink') return type === 'file';
  return member.type === 'file' && member.bytes === facts.size && mtimeNs === facts.mtimeNs;
}

/** A member, and when its content was last changed before it was read. */
interface Archived {
  readonly member: TreeMember;
  readonly mtimeNs: bigint | undefined;
}

function byPath({ members, mtimesNs }: Log): Map<string, Archived> {
  return new Map(
    members.map((member, index) => [member.path, { member, mtimeNs: mtimesNs[index] }]),
  );
}

type Log = Pick<MemberLog, 'members' | 'mtimesNs'>;

/**
 * Compares what was found by the walk with what went into the archive.
 *
 * @throws `DUMP_INCOMPLETE` a member is missing though it still stands, or was never asked for; the root is
 *   another directory
 * @throws `SOURCE_UNREADABLE` the archiver could not read something that was there
 */
export async function judgeArchive(walk: Walk, log: Log, end: ArchiverEnd): Promise<Verdict> {
  const { root } = walk;
  await checkRoot(walk);
  checkEnd(root, end);
  const archived = byPath(log);
  const changed: string[] = [];
  const vanished = [...walk.vanished];
  const isSure = end.code === 0 && end.looksTwice;
  const inQuestion: Found[] = [];
  for (const one of walk.found) {
    const found = archived.get(one.path);
    if (found !== undefined && isSure && isAsFound(one, found)) continue;
    if (found === undefined || one.type === 'file') inQuestion.push(one);
    else if (hasChanged(one, undefined, found.member)) changed.push(one.path);
  }
  for await (const [one, facts] of lookAtAll(inQuestion, ({ path }) => join(root, path))) {
    const now = present(facts);
    const found = archived.get(one.path);
    if (found !== undefined) {
      if (hasChanged(one, now, found.member)) changed.push(one.path);
    } else if (now === undefined) vanished.push(one.path);
    else throw incomplete(root, one.path, 'is not in the archive, though it is still there');
  }
  for (const { path } of walk.found) archived.delete(path);
  const [extra] = archived.keys();
  if (extra !== undefined)
    throw incomplete(root, extra, 'is in the archive, and was not asked for');
  return { changed, vanished, warnings: warningsOf(walk, changed, vanished) };
}

function incomplete(root: string, path: string, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('DUMP_INCOMPLETE', `${JSON.stringify(path)} of ${root} ${why}.`, {
    hint: 'Nothing was published. Try again; see what tar printed.',
    context: { root, path },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Names a few of many. */
function named(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).map((path) => JSON.stringify(path));
  return paths.length > shown.length ? `${shown.join(', ')} and others` : shown.join(', ');
}

function warningsOf(
  walk: Walk,
  changed: readonly string[],
  vanished: readonly string[],
): readonly string[] {
  const warnings: string[] = [];
  if (walk.special.length > 0) {
    warnings.push(
      `${walk.special.length} sockets, pipes or devices were left out: ${named(walk.special)}.`,
    );
  }
  if (changed.length > 0) {
    warnings.push(`${changed.length} files changed while they were read: ${named(changed)}.`);
  }
  if (vanished.length > 0) {
    warnings.push(`${vanished.length} files vanished before they were read: ${named(vanished)}.`);
  }
  return warnings;
}
