import { HoldfastError } from '@holdfast/core';
import type { TreeMember } from '../../model/fingerprint.ts';

/** Writes a member list: one JSON object a line. */
export function writeMemberList(members: readonly TreeMember[]): Buffer {
  return Buffer.from(members.map((member) => `${JSON.stringify(member)}\n`).join(''));
}

/** Reads a member list whose hash was checked. */
export function readMemberList(bytes: Buffer): TreeMember[] {
  const lines = bytes.toString('utf8').split('\n');
  try {
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as TreeMember);
  } catch (error) {
    throw new HoldfastError('ARTIFACT_UNREADABLE', 'The member list of the backup is no JSON.', {
      retryable: false,
      cause: error,
    });
  }
}

/**
 * Writes the files' hashes in the form that `sha256sum -c` reads. A name with a line feed, carriage
 * return or backslash is escaped, and the line then begins with a backslash (GNU coreutils manual,
 * "md5sum invocation"). Every name begins with './': `sha256sum -c` would take '-' for its own input.
 */
export function writeChecksums(members: readonly TreeMember[]): Buffer {
  const lines = members
    .filter((member) => member.type === 'file')
    .map((member) => `${checksumLine(member.sha256 ?? '', `./${member.path}`)}\n`);
  return Buffer.from(lines.join(''));
}

/** One line of a checksum file. */
export function checksumLine(sha256: string, name: string): string {
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return escaped === name ? `${sha256}  ${name}` : `\\${sha256}  ${escaped}`;
}
