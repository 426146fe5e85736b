import { HoldfastError } from '@holdfast/core';
import type { TreeMember } from '../../model/fingerprint.ts';
import type { TarMember } from './tar-header.ts';

function refuse(path: string, why: string): HoldfastError {
  return new HoldfastError(
    'ARCHIVE_HOSTILE',
    `The member ${JSON.stringify(path)} of the archive is refused: it ${why}.`,
    {
      hint: 'No backup of ours holds such a member: somebody may have changed the archive. Nothing was put in place.',
      retryable: false,
      context: { path },
    },
  );
}

/** On file systems that fold names, `A` and `a` are one file. */
const foldsNames = process.platform === 'darwin' || process.platform === 'win32';

function keyOf(path: string): string {
  return foldsNames ? path.normalize('NFKD').toLowerCase() : path;
}

/**
 * Brings a name into the form of member lists: relative, without './' at its beginning.
 *
 * @throws `ARCHIVE_HOSTILE` for an absolute name or one with '..'
 */
function relative(path: string, shown: string): string {
  if (path.startsWith('/')) throw refuse(shown, 'is absolute, or links to an absolute path');
  if (path.includes('\0')) throw refuse(shown, 'has a null byte in its name');
  const parts = path.split('/').filter((part) => part !== '.' && part !== '');
  if (parts.includes('..')) throw refuse(shown, "has '..' in its path, or links to such a path");
  return parts.length === 0 ? '.' : parts.join('/');
}

/**
 * Lets a member through, or refuses it, by what came before: names that leave the root, members placed
 * through a symlink of the archive, hard links to anything but an earlier member, a name that comes
 * twice, devices. Symlinks may point where they like, as long as nothing is placed through them.
 */
export class MemberGuard {
  readonly #types = new Map<string, TreeMember['type']>();

  /**
   * @returns path and, for hard links, target in the form of member lists
   * @throws `ARCHIVE_HOSTILE`
   */
  admit(member: TarMember): TreeMember {
    const path = relative(member.path, member.path);
    if (member.type === 'special') throw refuse(member.path, 'is a device or a pipe');
    if (this.#types.has(keyOf(path))) throw refuse(member.path, 'comes twice');
    this.#checkParents(path, member.path);
    const target =
      member.type === 'hardlink' ? relative(member.target, member.path) : member.target;
    const type = member.type === 'hardlink' ? this.#typeOfTarget(target, member.path) : member.type;
    this.#types.set(keyOf(path), type);
    const mode = member.mode.toString(8).padStart(4, '0');
    if (member.type === 'symlink') return { path, type: 'symlink', target };
    if (member.type === 'hardlink') return { path, type: 'hardlink', target };
    return { path, type: member.type, mode };
  }

  #typeOfTarget(target: string, shown: string): TreeMember['type'] {
    const type = this.#types.get(keyOf(target));
    if (type === 'file' || type === 'symlink') return type;
    throw refuse(
      shown,
      `links to ${JSON.stringify(target)}, which is no earlier file of the archive`,
    );
  }

  #checkParents(path: string, shown: string): void {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/');
      const type = this.#types.get(keyOf(parent));
      if (type !== undefined && type !== 'directory') {
        throw refuse(shown, `lies below ${JSON.stringify(parent)}, which is a ${type}`);
      }
    }
  }
}
