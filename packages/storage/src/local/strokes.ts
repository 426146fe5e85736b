import { ObjectStoreError } from '@holdfast/core';
import type { Pipeline } from '../waiting/pipeline.ts';
import type { EarlySync } from './early-sync.ts';
import { attempt } from './problems.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** How much is written at once, in bytes: as much as a page cache keeps in one piece. */
const STROKE_BYTES = 2 * 1024 * 1024;

async function writeAt(
  { handle, path }: TemporaryFile,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  // write(2) may take a part of the bytes only.
  while (done < bytes.byteLength) {
    const left = bytes.byteLength - done;
    const { bytesWritten } = await handle.write(bytes, done, left, position + done);
    if (bytesWritten === 0) {
      throw new ObjectStoreError('incomplete', `Of ${left} bytes none were written to '${path}'.`);
    }
    done += bytesWritten;
  }
}

/** Writes a stream to a file in big strokes, each where the one before ends. */
export class Strokes {
  readonly #file: TemporaryFile;
  readonly #pipeline: Pipeline;
  readonly #early: EarlySync;
  /** Buffers go round, as fresh memory costs more than what is copied into it. */
  readonly #free: Buffer[] = [];
  #buffer: Buffer | undefined;
  #filled = 0;
  #position = 0;

  constructor(file: TemporaryFile, pipeline: Pipeline, early: EarlySync) {
    this.#file = file;
    this.#pipeline = pipeline;
    this.#early = early;
  }

  /**
   * Takes a chunk, whose bytes may be used again afterwards: strokes that it holds whole are written as they are and waited
   * for, the rest is copied and gathered, one stroke while the next is filled.
   */
  async take(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.byteLength;) {
      const isWhole = this.#filled === 0 && chunk.byteLength - taken >= STROKE_BYTES;
      if (isWhole) {
        this.#write(chunk.subarray(taken, taken + STROKE_BYTES));
        await this.#pipeline.settle();
        taken += STROKE_BYTES;
      } else {
        taken += this.#gather(chunk.subarray(taken));
        if (this.#filled === STROKE_BYTES) await this.#flush();
      }
    }
  }

  /** Writes what is left; answers how many bytes there were. */
  async end(): Promise<number> {
    if (this.#filled > 0) await this.#flush();
    await this.#pipeline.settle();
    return this.#position;
  }

  #gather(bytes: Uint8Array): number {
    this.#buffer ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(STROKE_BYTES);
    const part = bytes.subarray(0, STROKE_BYTES - this.#filled);
    this.#buffer.set(part, this.#filled);
    this.#filled += part.byteLength;
    return part.byteLength;
  }

  async #flush(): Promise<void> {
    await this.#pipeline.room();
    const buffer = this.#buffer!;
    const stroke = buffer.subarray(0, this.#filled);
    this.#buffer = undefined;
    this.#filled = 0;
    this.#write(stroke, () => this.#free.push(buffer));
  }

  #write(stroke: Uint8Array, written: () => void = () => undefined): void {
    const writing = writeAt(this.#file, stroke, this.#position);
    this.#position += stroke.byteLength;
    this.#pipeline.add(
      attempt(`write '${this.#file.path}'`, writing).then(() => {
        written();
        this.#early.written(stroke.byteLength);
      }),
    );
  }
}
