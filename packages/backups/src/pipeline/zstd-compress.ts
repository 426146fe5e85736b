import { FrameEncoder, FrameSlot } from './zstd-encoder.ts';

/** Frames that are made at once. This thread reads, hashes and encrypts meanwhile, so that there is work for three cores. */
const ENCODERS = 2;
/** Frames in memory: one is filled while others are made, so that no encoder waits for what it is to do next. */
const SLOTS = 3;

/** Compresses in libuv's threads, several frames at once, and gives them in their order. */
class FrameQueue {
  readonly #encoders: readonly FrameEncoder[];
  readonly #idle: FrameEncoder[];
  readonly #free: FrameSlot[] = [];
  readonly #begun: { readonly slot: FrameSlot; readonly made: Promise<void> }[] = [];
  #slots = 0;
  #end: { readonly error?: unknown } | undefined;
  #wakeFeeder: () => void = () => undefined;
  #wakeReader: () => void = () => undefined;
  /** Frames that wait for an encoder, in their order. */
  readonly #waiting: ((encoder: FrameEncoder) => void)[] = [];

  constructor(level: number) {
    this.#encoders = Array.from({ length: ENCODERS }, () => new FrameEncoder(level));
    this.#idle = [...this.#encoders];
  }

  /** Memory for the next frame, as soon as there is some. Undefined: nobody reads any more. */
  async slot(): Promise<FrameSlot | undefined> {
    while (this.#free.length === 0 && this.#slots === SLOTS && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wakeFeeder = resolve));
    }
    if (this.#end !== undefined) return undefined;
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#slots += 1;
    return new FrameSlot();
  }

  /** Begins the frame of what a slot was filled with. */
  begin(slot: FrameSlot): void {
    const made = this.#make(slot);
    made.catch(() => undefined);
    this.#begun.push({ slot, made });
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
      await next.made;
      yield next.slot.packed;
      next.slot.empty();
      this.#free.push(next.slot);
      this.#wakeFeeder();
    }
  }

  async #make(slot: FrameSlot): Promise<void> {
    const encoder =
      this.#idle.pop() ??
      (await new Promise<FrameEncoder>((resolve) => void this.#waiting.push(resolve)));
    await encoder.encode(slot);
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(encoder);
    else next(encoder);
  }
}

/** Writes a source into frames, each but the last one full. A source without bytes is one empty frame. */
async function feed(source: AsyncIterable<Uint8Array>, queue: FrameQueue): Promise<void> {
  let slot = await queue.slot();
  for await (const piece of source) {
    for (let at = 0; at < piece.byteLength;) {
      slot ??= await queue.slot();
      if (slot === undefined) return;
      at += slot.add(piece.subarray(at));
      if (!slot.isFull) continue;
      queue.begin(slot);
      slot = undefined;
    }
  }
  if (slot !== undefined) queue.begin(slot);
}

/**
 * Compresses to zstd frames of 1 MiB, each with a checksum: they are independent of each other, so that
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
