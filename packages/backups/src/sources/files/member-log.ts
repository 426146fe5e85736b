import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/core';
import type { TreeMember } from '../../model/fingerprint.ts';
import { MemberGuard } from './member-guard.ts';
import type { TarMember } from './tar-header.ts';
import { TarReader } from './tar-reader.ts';

/** What a hole reads as. */
const ZEROS = Buffer.alloc(1024 * 1024);
/** The zeros that are hashed before anybody else has a turn, in bytes: some milliseconds' worth. */
const STROKE = 8 * ZEROS.length;

/** How an archive is read. */
export interface MemberLogOptions {
  readonly signal: AbortSignal;
  /** Whether whoever extracts it knows sparse members. Default true. */
  readonly sparse?: boolean;
  /** Whether what was found is listed, with hashes; else members are judged, and nothing more. Default true. */
  readonly lists?: boolean;
}

/** The member that passes. */
interface Present {
  readonly member: TreeMember;
  readonly mtimeNs: bigint | undefined;
  readonly hash: Hash;
  bytes: number;
}

/** Lists and hashes the members of an archive that passes; refuses what {@link MemberGuard} refuses. */
export class MemberLog {
  readonly members: TreeMember[] = [];
  /** When the content of each was last changed before the archiver read it, as far as it is a file and that is known. */
  readonly mtimesNs: (bigint | undefined)[] = [];
  readonly #options: MemberLogOptions;
  readonly #guard = new MemberGuard();
  readonly #reader = new TarReader(this);
  #present: Present | undefined;
  /** Zeros that are still to be hashed. */
  #hole = 0;
  #isComplete = false;

  constructor(options: MemberLogOptions) {
    this.#options = options;
  }

  /** Passes an archive on, chunk by chunk, each after it was judged. */
  async *through(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of archive) {
      for (let at = 0; at < chunk.byteLength;) {
        at += this.#reader.write(chunk.subarray(at));
        if (this.#hole > 0) await this.#hashHole();
      }
      yield chunk;
    }
    this.#reader.end();
  }

  /** @throws `ARCHIVE_HOSTILE`; `TOOL_MISSING` it is sparse, and only GNU tar can extract it */
  member(member: TarMember): void {
    if (member.realSize !== undefined && this.#options.sparse === false) throw sparseMember(member);
    const admitted = this.#guard.admit(member);
    if (this.#options.lists === false) return;
    const { mtimeNs } = member;
    this.#present = { member: admitted, mtimeNs, hash: createHash('sha256'), bytes: 0 };
    this.#isComplete = false;
  }

  content(chunk: Uint8Array): void {
    if (this.#present === undefined) return;
    this.#present.hash.update(chunk);
    this.#present.bytes += chunk.byteLength;
  }

  hole(bytes: number): void {
    if (this.#present !== undefined) this.#hole += bytes;
  }

  ended(): void {
    this.#isComplete = true;
    if (this.#hole === 0) this.#list();
  }

  /** Hashes zeros, for as long as it takes; others have their turn meanwhile. */
  async #hashHole(): Promise<void> {
    for (let stroke = 0; this.#hole > 0; stroke += ZEROS.length) {
      if (stroke >= STROKE) {
        await nextTurn();
        this.#options.signal.throwIfAborted();
        stroke = 0;
      }
      const zeros = ZEROS.subarray(0, this.#hole);
      this.content(zeros);
      this.#hole -= zeros.length;
    }
    if (this.#isComplete) this.#list();
  }

  #list(): void {
    if (this.#present === undefined) return;
    const { member, mtimeNs, hash, bytes } = this.#present;
    this.mtimesNs.push(mtimeNs);
    this.members.push(
      member.type === 'file' ? { ...member, bytes, sha256: hash.digest('hex') } : member,
    );
    this.#present = undefined;
  }
}

function sparseMember({ path }: TarMember): HoldfastError {
  return new HoldfastError(
    'TOOL_MISSING',
    `${JSON.stringify(path)} is stored as a sparse file, which only GNU tar extracts.`,
    {
      hint: 'Install the package tar, and try again.',
      retryable: false,
      context: { command: 'tar', path },
    },
  );
}
