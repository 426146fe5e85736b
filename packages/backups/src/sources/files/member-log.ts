import { createHash, type Hash } from 'node:crypto';
import type { TreeMember } from '../../model/fingerprint.ts';
import { MemberGuard } from './member-guard.ts';
import type { TarMember } from './tar-header.ts';
import { TarReader } from './tar-reader.ts';

/** Lists and hashes the members of an archive that passes; refuses what {@link MemberGuard} refuses. */
export class MemberLog {
  readonly members: TreeMember[] = [];
  readonly #guard = new MemberGuard();
  readonly #reader = new TarReader(this);
  #present: { readonly member: TreeMember; readonly hash: Hash; bytes: number } | undefined;

  /** Passes an archive on, chunk by chunk, each after it was judged. */
  async *through(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of archive) {
      this.#reader.write(chunk);
      yield chunk;
    }
    this.#reader.end();
  }

  member(member: TarMember): void {
    this.#present = { member: this.#guard.admit(member), hash: createHash('sha256'), bytes: 0 };
  }

  content(chunk: Uint8Array): void {
    if (this.#present === undefined) return;
    this.#present.hash.update(chunk);
    this.#present.bytes += chunk.byteLength;
  }

  ended(): void {
    if (this.#present === undefined) return;
    const { member, hash, bytes } = this.#present;
    this.members.push(
      member.type === 'file' ? { ...member, bytes, sha256: hash.digest('hex') } : member,
    );
    this.#present = undefined;
  }
}
