import type { Transform } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { PIECE_BYTES } from './coalesce.ts';
import { drained } from './drained.ts';

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
    try {
      for await (const chunk of source) {
        if (!transform.destroyed && !transform.write(chunk)) await drained(transform);
        if (transform.destroyed) return;
      }
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
 * Compresses to one zstd frame with a checksum. One thread: with `nbWorkers` the streams of node:zlib
 * end early and lose data (seen on Node 24 and 26).
 *
 * @param level zstd's level, 1 to 19; default 3, as that of the `zstd` program
 */
export function compress(
  source: AsyncIterable<Uint8Array>,
  giveUp: () => void,
  level = 3,
): AsyncGenerator<Uint8Array, void, void> {
  const encoder = createZstdCompress({
    chunkSize: PIECE_BYTES,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  return run(source, encoder, giveUp);
}

/** Decompresses zstd frames; whoever wrote them. */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  giveUp: () => void,
): AsyncGenerator<Uint8Array, void, void> {
  return run(source, createZstdDecompress({ chunkSize: PIECE_BYTES }), giveUp);
}
