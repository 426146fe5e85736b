import type { Transform } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { PIECE_BYTES } from './coalesce.ts';
import { drained } from './drained.ts';
import { FrameCutter } from './zstd-frames.ts';

/** Writes a source into a transform, no faster than it takes it. */
class Feeding {
  /** The source has ended, or failed: it need not be woken any more. */
  over = false;
  /** Resolves when the source was let go of. A source that fails destroys the transform with its error. */
  readonly done: Promise<void>;

  constructor(source: AsyncIterable<Uint8Array>, transform: Transform) {
    this.done = this.#run(source, transform);
  }

  async #run(source: AsyncIterable<Uint8Array>, transform: Transform): Promise<void> {
    const frames = new FrameCutter();
    try {
      for await (const chunk of source) {
        for (const part of frames.cut(chunk)) {
          if (!transform.destroyed && !transform.write(part)) await drained(transform);
        }
        if (transform.destroyed) return;
      }
      frames.end();
      this.over = true;
      transform.end();
    } catch (error) {
      this.over = true;
      transform.destroy(error as Error);
    }
  }
}

/**
 * Runs a source through a transform. When it is left early, for whatever reason, `giveUp` is called
 * before the source is waited for, so that a source that is itself waiting can be woken.
 */
async function* run(
  source: AsyncIterable<Uint8Array>,
  transform: Transform,
  giveUp: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  const feeding = new Feeding(source, transform);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
  } finally {
    transform.destroy();
    if (!feeding.over) giveUp();
    await feeding.done;
  }
}

/**
 * Decompresses zstd frames, one or many; whoever wrote them.
 *
 * @throws Error it is cut, altered, or something else follows
 */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  giveUp: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  return run(source, createZstdDecompress({ chunkSize: PIECE_BYTES }), giveUp);
}
