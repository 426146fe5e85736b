import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import { FrameCutter } from './zstd-frames.ts';

/**
 * The plain bytes of a frame: as much as level 3 looks back at, so that little is lost by beginning anew, and few
 * enough to have several of them in memory.
 */
export const FRAME_BYTES = 2 * 1024 * 1024;
/** A frame of bytes that cannot be compressed, and what is around it. */
const MOST_PACKED = FRAME_BYTES + 64 * 1024;
/** What the encoder of node:zlib writes into at once, in bytes. */
const OUTPUT_BYTES = 256 * 1024;

/** Makes one frame after the other in a thread of libuv's, in memory of its own that is used again. */
export class FrameEncoder {
  readonly #stream: ZstdCompress;
  readonly #plain = Buffer.allocUnsafeSlow(FRAME_BYTES);
  readonly #packed = Buffer.allocUnsafeSlow(MOST_PACKED);
  #plainBytes = 0;
  #packedBytes = 0;
  #output: ArrayBufferLike | undefined;

  /** @param level zstd's, 1 to 19 */
  constructor(level: number) {
    this.#stream = createZstdCompress({
      chunkSize: OUTPUT_BYTES,
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    });
    this.#stream.on('data', this.#take).on('error', () => undefined);
  }

  get isFull(): boolean {
    return this.#plainBytes === FRAME_BYTES;
  }

  /** Adds to the frame, up to {@link FRAME_BYTES}; answers how many bytes that were. */
  add(bytes: Uint8Array): number {
    const part = bytes.subarray(0, FRAME_BYTES - this.#plainBytes);
    this.#plain.set(part, this.#plainBytes);
    this.#plainBytes += part.byteLength;
    return part.byteLength;
  }

  /**
   * Makes the frame. It stays as it is until something is added to the next one.
   *
   * @throws Error node:zlib fails, or has not made one whole frame
   */
  async finish(): Promise<Buffer> {
    const stream = this.#stream;
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      if (this.#plainBytes > 0) stream.write(this.#plain.subarray(0, this.#plainBytes));
      stream.flush(constants.ZSTD_e_end, () => {
        stream.off('error', reject);
        resolve();
      });
    });
    while (stream.readableLength > 0) stream.read();
    const frame = this.#packed.subarray(0, this.#packedBytes);
    [this.#plainBytes, this.#packedBytes] = [0, 0];
    const cutter = new FrameCutter();
    const count = [...cutter.cut(frame)].length;
    cutter.end();
    if (count !== 1) throw new Error('node:zlib has not made one zstd frame');
    return frame;
  }

  close(): void {
    this.#stream.destroy();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#packed.set(chunk, this.#packedBytes);
    this.#packedBytes += chunk.byteLength;
    if (this.#output === chunk.buffer) return;
    // node:zlib has gone on to another buffer: the one before is not needed until the next collection.
    if (this.#output instanceof ArrayBuffer) this.#output.transfer(0);
    this.#output = chunk.buffer.byteLength >= OUTPUT_BYTES ? chunk.buffer : undefined;
  };
}
