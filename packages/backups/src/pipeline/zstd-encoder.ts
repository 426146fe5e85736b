import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { FrameCutter } from './zstd-frames.ts';

/**
 * The plain bytes of a frame: enough that little is lost by beginning anew (about one byte in a hundred of texts), and
 * few enough to have several frames in memory.
 */
export const FRAME_BYTES = 1024 * 1024;
/** A frame of bytes that cannot be compressed, and what is around it. */
const MOST_PACKED = FRAME_BYTES + 64 * 1024;
/** What the encoder of node:zlib writes into at once, in bytes. */
const OUTPUT_BYTES = 512 * 1024;

/** Memory for one frame, used again. */
export class FrameSlot {
  readonly #plain = Buffer.allocUnsafeSlow(FRAME_BYTES);
  readonly #packed = Buffer.allocUnsafeSlow(MOST_PACKED);
  #plainBytes = 0;
  #packedBytes = 0;

  get isFull(): boolean {
    return this.#plainBytes === FRAME_BYTES;
  }

  get plain(): Buffer {
    return this.#plain.subarray(0, this.#plainBytes);
  }

  get packed(): Buffer {
    return this.#packed.subarray(0, this.#packedBytes);
  }

  /** Adds plain bytes, up to {@link FRAME_BYTES}; answers how many that were. */
  add(bytes: Uint8Array): number {
    const part = bytes.subarray(0, FRAME_BYTES - this.#plainBytes);
    this.#plain.set(part, this.#plainBytes);
    this.#plainBytes += part.byteLength;
    return part.byteLength;
  }

  /** Adds what comes out of them. */
  addPacked(bytes: Uint8Array): void {
    this.#packed.set(bytes, this.#packedBytes);
    this.#packedBytes += bytes.byteLength;
  }

  empty(): void {
    [this.#plainBytes, this.#packedBytes] = [0, 0];
  }
}

/** Makes one frame after the other in a thread of libuv's. */
export class FrameEncoder {
  readonly #stream: ZstdCompress;
  #slot: FrameSlot | undefined;
  #output: ArrayBufferLike | undefined;

  /** @param level zstd's, 1 to 19 */
  constructor(level: number) {
    this.#stream = createZstdCompress({
      chunkSize: OUTPUT_BYTES,
      // What is written at once is a frame of its own.
      flush: constants.ZSTD_e_end,
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    });
    this.#stream.on('data', this.#take).on('error', () => undefined);
  }

  /**
   * Makes the frame of a slot's plain bytes; the one before must be done.
   *
   * @throws Error node:zlib fails, or has not made one whole frame
   */
  async encode(slot: FrameSlot): Promise<void> {
    const stream = this.#stream;
    this.#slot = slot;
    await new Promise<void>((resolve, reject) => {
      stream.write(slot.plain, (error) => (error ? reject(error) : resolve()));
    });
    while (stream.readableLength > 0) stream.read();
    const cutter = new FrameCutter();
    const count = [...cutter.cut(slot.packed)].length;
    cutter.end();
    if (count !== 1) throw new Error('node:zlib has not made one zstd frame');
  }

  close(): void {
    this.#stream.destroy();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#slot?.addPacked(chunk);
    if (this.#output === chunk.buffer) return;
    // node:zlib has gone on to another buffer: the one before is not needed until the next collection.
    if (this.#output instanceof ArrayBuffer) this.#output.transfer(0);
    this.#output = chunk.buffer.byteLength >= OUTPUT_BYTES ? chunk.buffer : undefined;
  };
}
