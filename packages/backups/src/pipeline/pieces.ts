import { finished, type Readable } from 'node:stream';
import { PIECE_BYTES } from './coalesce.ts';

/** How many pieces of a ring: one that is filled, and one that was handed out. */
const RING = 2;
/**
 * Frees the memory of a chunk that nobody looks at any more, now and not at the next collection: V8 lets tens of
 * megabytes of buffers gather before it collects, and then walks through all that the process holds.
 */
export function free({ buffer, byteLength }: Uint8Array): void {
  // A part of something larger may not be all that is still looked at.
  if (buffer.byteLength === byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Fills pieces with chunks, in buffers that go round. */
class Ring {
  readonly #free: Buffer[] = [];
  #handed: Buffer | undefined;
  #made = 0;
  #filling: Buffer | undefined;
  /** Bytes of the piece that is filled. */
  filled = 0;

  get isFull(): boolean {
    return this.filled === PIECE_BYTES;
  }

  /** Takes what fits of a chunk; answers how many bytes that were: none while the whole ring is in use. */
  take(chunk: Uint8Array): number {
    this.#filling ??= this.#free.pop() ?? this.#make();
    if (this.#filling === undefined) return 0;
    const part = chunk.subarray(0, PIECE_BYTES - this.filled);
    this.#filling.set(part, this.filled);
    this.filled += part.byteLength;
    return part.byteLength;
  }

  /** What was filled. */
  hand(): Uint8Array {
    const piece = this.#filling as Buffer;
    const { filled } = this;
    this.#filling = undefined;
    this.filled = 0;
    this.#handed = piece;
    return piece.subarray(0, filled);
  }

  /** One more piece is asked for: the last is not needed any more. */
  asked(): void {
    if (this.#handed !== undefined) this.#free.push(this.#handed);
    this.#handed = undefined;
  }

  #make(): Buffer | undefined {
    if (this.#made === RING) return undefined;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(PIECE_BYTES);
  }
}

/** A child's output on its way into a ring. */
class Gathering {
  readonly #output: Readable;
  readonly #ring = new Ring();
  readonly #stopLooking: () => void;
  /** What found no room. */
  #rest: Uint8Array | undefined;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(output: Readable) {
    this.#output = output;
    this.#stopLooking = finished(output, { writable: false }, (error) => {
      this.#end = error ? { error } : {};
      this.#wake();
    });
    output.on('data', this.#take);
  }

  /** The next piece, as soon as it is full, or nothing more comes. Undefined: there was no more. */
  async next(): Promise<Uint8Array | undefined> {
    this.#ring.asked();
    this.#goOn();
    while (!this.#ring.isFull && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
    if (this.#ring.filled === 0) return undefined;
    const piece = this.#ring.hand();
    this.#goOn();
    return piece;
  }

  leave(): void {
    this.#stopLooking();
    this.#output.off('data', this.#take).destroy();
  }

  #goOn(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#take(rest);
    if (!this.#ring.isFull && this.#rest === undefined) this.#output.resume();
  }

  readonly #take = (chunk: Uint8Array): void => {
    const taken = this.#ring.take(chunk);
    if (taken === chunk.byteLength) free(chunk);
    else this.#rest = chunk.subarray(taken);
    if (!this.#ring.isFull && this.#rest === undefined) return;
    this.#output.pause();
    this.#wake();
  };
}

/**
 * What a child prints, in pieces of {@link PIECE_BYTES}, the last one shorter. **A piece stays as it is until the next
 * one is asked for**; then its memory is used again. One piece is gathered ahead, and no more.
 *
 * @param output nobody else reads it; it is destroyed when the loop is left
 * @throws what it is destroyed with
 */
export async function* piecesOf(output: Readable): AsyncGenerator<Uint8Array, void, void> {
  const gathering = new Gathering(output);
  try {
    for (;;) {
      const piece = await gathering.next();
      if (piece === undefined) return;
      yield piece;
    }
  } finally {
    gathering.leave();
  }
}
