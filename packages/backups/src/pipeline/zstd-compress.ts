import { FrameEncoder } from './zstd-encoder.ts';

/** Frames at once. This thread reads, hashes and encrypts meanwhile, so that there is work for three cores. */
const AT_ONCE = 2;

/** Compresses in libuv's threads, several frames at once, and gives them in their order. */
class FrameQueue {
  readonly #level: number;
  readonly #encoders: FrameEncoder[] = [];
  readonly #idle: FrameEncoder[] = [];
  readonly #begun: { readonly encoder: FrameEncoder; readonly frame: Promise<Buffer> }[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wakeFeeder: () => void = () => undefined;
  #wakeReader: () => void = () => undefined;

  constructor(level: number) {
    this.#level = level;
  }

  /** What makes the next frame, as soon as there is one that does nothing. Undefined: nobody reads any more. */
  async encoder(): Promise<FrameEncoder | undefined> {
    const isBusy = (): boolean => this.#idle.length === 0 && this.#encoders.length === AT_ONCE;
    while (isBusy() && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wakeFeeder = resolve));
    }
    if (this.#end !== undefined) return undefined;
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const encoder = new FrameEncoder(this.#level);
    this.#encoders.push(encoder);
    return encoder;
  }

  /** Begins the frame that the encoder was filled with. */
  begin(encoder: FrameEncoder): void {
    const frame = encoder.finish();
    frame.catch(() => undefined);
    this.#begun.push({ encoder, frame });
    this.#wakeReader();
  }

  /** No frame follows, or none will be read. */
  end(error?: unknown): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wakeReader();
    this.#wakeFeeder();
  }

  close(): void {
    for (const encoder of this.#encoders) encoder.close();
  }

  /** Gives the frames in their order; each stays as it is until the next one is asked for. */
  async *frames(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      while (this.#begun.length === 0 && this.#end === undefined) {
        await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      const next = this.#begun.shift();
      if (next === undefined) return;
      yield await next.frame;
      this.#idle.push(next.encoder);
      this.#wakeFeeder();
    }
  }
}

/** Writes a source into frames, each but the last one full. A source without bytes is one empty frame. */
async function feed(source: AsyncIterable<Uint8Array>, queue: FrameQueue): Promise<void> {
  let encoder = await queue.encoder();
  for await (const piece of source) {
    for (let at = 0; at < piece.byteLength;) {
      encoder ??= await queue.encoder();
      if (encoder === undefined) return;
      at += encoder.add(piece.subarray(at));
      if (!encoder.isFull) continue;
      queue.begin(encoder);
      encoder = undefined;
    }
  }
  if (encoder !== undefined) queue.begin(encoder);
}

/**
 * Compresses to zstd frames of 2 MiB, each with a checksum: they are independent of each other, so that
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
    yield* queue.frames();
  } finally {
    queue.end();
    if (!isOver) giveUp();
    await feeding;
    queue.close();
  }
}
