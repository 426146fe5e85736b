/**
 * What chunks are read into. Fresh memory costs more than what is read into it: a fault for every page of it, and
 * garbage soon after. Where chunks are lent, their memory goes round.
 */
export class ChunkBuffers {
  readonly #lent: boolean;
  readonly #free: ArrayBufferLike[] = [];
  #given: ArrayBufferLike | undefined;

  /** @param lent whether the reader is done with a chunk when it asks for the next */
  constructor(lent: boolean | undefined) {
    this.#lent = lent === true;
  }

  take(bytes: number): Buffer {
    const free = this.#free.pop();
    const isEnough = free !== undefined && free.byteLength >= bytes;
    return isEnough ? Buffer.from(free, 0, bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  /** Hands a chunk, or a part of one, to the reader, who has asked for it: so the one before has come back. */
  give(chunk: Buffer): Buffer {
    if (this.#lent) {
      if (this.#given !== undefined) this.#free.push(this.#given);
      this.#given = chunk.buffer;
    }
    return chunk;
  }
}
