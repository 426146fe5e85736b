import { createHash } from 'node:crypto';
import { open, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeMember } from '../../model/fingerprint.ts';
import { PIECE_BYTES } from '../../pipeline/coalesce.ts';
import type { Comparison, Difference } from '../source.ts';
import type { Sample } from '../../model/sample.ts';
import { sampleMembers } from './sample-members.ts';
import { type Found, walkTree } from './walk.ts';

/** The most differences that are reported. */
const MOST = 100;

/** How many files are read at once: enough to keep the disk busy while others are opened. */
const AT_ONCE = 8;

async function contentHash(path: string, bytes: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  // A handle costs more than a small file is worth.
  if (bytes <= PIECE_BYTES) return hash.update(await readFile(path, { signal })).digest('hex');
  const file = await open(path);
  try {
    const piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(piece.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function modeOf(found: Found): string {
  return found.facts.mode.toString(8).padStart(4, '0');
}

class TreeComparison {
  readonly differences: Difference[] = [];
  readonly #root: string;
  readonly #found: Map<string, Found>;
  readonly #signal: AbortSignal;

  constructor(root: string, found: readonly Found[], signal: AbortSignal) {
    this.#root = root;
    this.#found = new Map(found.map((one) => [one.path, one]));
    this.#signal = signal;
  }

  async check(member: TreeMember): Promise<void> {
    const found = this.#found.get(member.path);
    const expectedType = member.type === 'hardlink' ? 'hard link' : member.type;
    if (found === undefined) return this.#differs(member.path, expectedType, 'not there');
    if (member.type === 'hardlink') return this.#checkLink(member, found);
    if (found.type !== member.type) return this.#differs(member.path, member.type, found.type);
    if (member.type === 'symlink') return this.#checkTarget(member);
    if (modeOf(found) !== member.mode) {
      this.#differs(member.path, `mode ${member.mode}`, `mode ${modeOf(found)}`);
    }
    if (member.type === 'file') await this.#checkContent(member, found);
  }

  checkExtra(known: ReadonlySet<string>): void {
    for (const [path, { type }] of this.#found) {
      if (!known.has(path)) this.#differs(path, 'not there', type);
    }
  }

  #differs(path: string, expected: string, found: string): void {
    if (this.differences.length < MOST) {
      this.differences.push({ what: `file ${JSON.stringify(path)}`, expected, found });
    }
  }

  #checkLink(member: TreeMember, found: Found): void {
    const other = this.#found.get(member.target ?? '');
    if (other?.facts.ino !== found.facts.ino) {
      this.#differs(
        member.path,
        `hard link to ${JSON.stringify(member.target)}`,
        'a file of its own',
      );
    }
  }

  async #checkTarget(member: TreeMember): Promise<void> {
    const target = await readlink(join(this.#root, member.path));
    if (target !== member.target) {
      this.#differs(
        member.path,
        `symlink to ${JSON.stringify(member.target)}`,
        `symlink to ${JSON.stringify(target)}`,
      );
    }
  }

  async #checkContent(member: TreeMember, found: Found): Promise<void> {
    if (found.facts.size !== (member.bytes ?? -1)) {
      this.#differs(member.path, `${member.bytes} bytes`, `${found.facts.size} bytes`);
      return;
    }
    const { size } = found.facts;
    const hash = await contentHash(join(this.#root, member.path), size, this.#signal);
    if (hash !== member.sha256) {
      this.#differs(member.path, `SHA-256 ${member.sha256}`, `SHA-256 ${hash}`);
    }
  }
}

/**
 * Compares a restored tree, file by file, with the member list that was written as it was dumped.
 *
 * @param sample of the members, where not all were restored
 */
export async function compareTrees(
  all: readonly TreeMember[],
  root: string,
  signal: AbortSignal,
  sample?: Sample,
): Promise<Comparison> {
  const members = sample === undefined ? all : sampleMembers(all, sample);
  const spec = { kind: 'files', name: 'restored', path: root, exclude: [] } as const;
  const walk = await walkTree(spec, signal);
  const comparison = new TreeComparison(root, walk.found, signal);
  const next = members.values();
  const checkOn = async (): Promise<void> => {
    for (const member of next) await comparison.check(member);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, checkOn));
  // Of a sample the directories on the way are there, too.
  comparison.checkExtra(new Set(all.map(({ path }) => path)));
  const { differences } = comparison;
  if (sample === undefined) return { differences, members: members.length };
  const sampled = { unit: 'members', taken: members.length, of: all.length } as const;
  return { differences, members: members.length, sampled };
}
