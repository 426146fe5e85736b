import { TextDecoder } from 'node:util';
import { HoldfastError } from '@holdfast/core';
import type { TreeMember } from '../../model/fingerprint.ts';

/** Members written in one piece: a list of millions of files fits no text of JavaScript. */
const AT_ONCE = 1000;

type Pieces = AsyncGenerator<Uint8Array, void, void>;

async function* inPieces(
  members: readonly TreeMember[],
  lineOf: (member: TreeMember) => string,
): Pieces {
  for (let at = 0; at < members.length; at += AT_ONCE) {
    const lines = members.slice(at, at + AT_ONCE).map(lineOf);
    yield await Promise.resolve(Buffer.from(lines.join('')));
  }
}

/** Writes a member list: one JSON object a line. */
export function writeMemberList(members: readonly TreeMember[]): Pieces {
  return inPieces(members, (member) => `${JSON.stringify(member)}\n`);
}

function parseMember(line: string): TreeMember {
  try {
    return JSON.parse(line) as TreeMember;
  } catch (error) {
    throw new HoldfastError('ARTIFACT_UNREADABLE', 'The member list of the backup is no JSON.', {
      retryable: false,
      cause: error,
    });
  }
}

/** Reads a member list. Nothing of it is to be trusted before the hash of its bytes was compared. */
export async function readMemberList(bytes: AsyncIterable<Uint8Array>): Promise<TreeMember[]> {
  const decoder = new TextDecoder();
  const members: TreeMember[] = [];
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') members.push(parseMember(line));
  };
  for await (const chunk of bytes) take(decoder.decode(chunk, { stream: true }));
  take(`${decoder.decode()}\n`);
  return members;
}

/**
 * Writes the files' hashes in the form that `sha256sum -c` reads. A name with a line feed, carriage
 * return or backslash is escaped, and the line then begins with a backslash (GNU coreutils manual,
 * "md5sum invocation"). Every name begins with './': `sha256sum -c` would take '-' for its own input.
 */
export function writeChecksums(members: readonly TreeMember[]): Pieces {
  return inPieces(members, (member) =>
    member.type === 'file' ? `${checksumLine(member.sha256 ?? '', `./${member.path}`)}\n` : '',
  );
}

/** One line of a checksum file. */
export function checksumLine(sha256: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return escaped === name ? `${sha256}  ${name}` : `\\${sha256}  ${escaped}`;
}
