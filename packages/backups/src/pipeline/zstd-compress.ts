import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';

/**
 * The plain bytes of a frame: twice what level 3 looks back at, so that little is lost by beginning anew, and few
 * enough to have several of them in memory.
 */
export const FRAME_BYTES = 4 * 1024 * 1024;
/** Frames at once. One thread of libuv's four is left to whatever else the process does. */
const AT_ONCE = 3;
/** A frame of bytes that cannot be compressed, and what is around it, in one piece. */
const MOST_PACKED = FRAME_BYTES + 64 * 1024;

const packed = promisify(zstdCompress);

/** Compresses in libuv's threads, several frames at once, and gives them in their order. */
class FrameQueue {
  readonly #options: { readonly chunkSize: number; readonly params: Record<number, number> };
  readonly #free: Buffer[] = [];
  readonly #begun: Promise<Buffer>[] = [];
  #end: { readonly error?: unknown } | undefined;
  #buffers = 0;
  #wakeFeeder: () => void = () => undefined;
  #wakeReader: () => void = () => undefined;

  constructor(level: number) {
    this.#options = {
      chunkSize: MOST_PACKED,
      params: {
        [constants.ZSTD_c_compressionLevel]: level,
        [constants.ZSTD_c_checksumFlag]: 1,
      },
    };
  }

  /** Somewhere to put the plain bytes of a frame; as soon as there is room. Undefined: nobody reads any more. */
  async room(): Promise<Buffer | undefined> {
    while (this.#free.length === 0 && this.#buffers === AT_ONCE && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wakeFeeder = resolve));
    }
    if (this.#end !== undefined) return undefined;
    const buffer = this.#free.pop();
    if (buffer !== undefined) return buffer;
    this.#buffers += 1;
    return Buffer.allocUnsafeSlow(FRAME_BYTES);
  }

  /** Begins a frame. */
  add(buffer: Buffer, bytes: number): void {
    const frame = packed(buffer.subarray(0, bytes), this.#options).finally(() => {
      this.#free.push(buffer);
    });
    frame.catch(() => undefined);
    this.#begun.push(frame);
    this.#wakeReader();
  }

  /** No frame follows, or none will be read. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wakeReader();
    this.#wakeFeeder();
  }

  /** The next frame; undefined when there is none any more. */
  async next(): Promise<Buffer | undefined> {
    while (this.#begun.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
    const frame = await this.#begun.shift();
    this.#wakeFeeder();
    return frame;
  }
}

/** Frees the memory that a frame was made in, as `free` does. Node copies small ones into memory that many share. */
function freeFrame({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= MOST_PACKED) buffer.transfer(0);
}

/** Writes a source into frames, each but the last one full. A source without bytes is one empty frame. */
async function feed(source: AsyncIterable<Uint8Array>, queue: FrameQueue): Promise<void> {
  let buffer = await queue.room();
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.byteLength;) {
      buffer ??= await queue.room();
      if (buffer === undefined) return;
      const part = piece.subarray(at, at + FRAME_BYTES - filled);
      buffer.set(part, filled);
      filled += part.byteLength;
      at += part.byteLength;
      if (filled < FRAME_BYTES) continue;
      queue.add(buffer, filled);
      [buffer, filled] = [undefined, 0];
    }
  }
  if (buffer !== undefined) queue.add(buffer, filled);
}

/**
 * Compresses to zstd frames of {@link FRAME_BYTES}, each with a checksum: they are independent of each other, so that
 * several are made at once, and every decoder that follows RFC 8878 reads them one after the other. (With `nbWorkers`
 * the streams of node:zlib end early and lose data, seen on Node 24 and 26.) When it is left early, for whatever
 * reason, `giveUp` is called before the source is waited for, so that a source that is itself waiting can be woken.
 *
 * A frame stays as it is until the next one is asked for.
 *
 * @param level zstd's level, 1 to 19; default 3, as that of the `zstd` program
 */
export async function* compress(
  source: AsyncIterable<Uint8Array>,
  giveUp: () => void,
  level = 3,
): AsyncGenerator<Uint8Array, void, void> {
  const queue = new FrameQueue(level);
  let isOver = false;
  const feeding = feed(source, queue)
    .then(
      () => queue.end(),
      (error: unknown) => queue.end(error),
    )
    .finally(() => (isOver = true));
  try {
    for (;;) {
      const frame = await queue.next();
      if (frame === undefined) return;
      yield frame;
      freeFrame(frame);
    }
  } finally {
    queue.end();
    if (!isOver) giveUp();
    await feeding;
  }
}
