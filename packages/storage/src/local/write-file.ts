import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { bodyChunks, ObjectStoreError } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';
import { linkedAbort } from '../waiting/linked-abort.ts';
import { Pipeline } from '../waiting/pipeline.ts';
import { attempt } from './problems.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** How much is gathered for one write, in bytes. */
const WRITE_BYTES = 1024 * 1024;
/** After so many bytes the disk begins with them, so that little is left for the sync at the end. */
const SYNC_BYTES = 64 * 1024 * 1024;
/** How many writes are under way, so that the disk does not wait for the body nor the body for the disk. */
const WRITES_AT_ONCE = 2;

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

/** Syncs what was written while more is: one sync at a time. Its failure is the write's, as no later one would tell of it. */
class EarlySync {
  readonly #file: TemporaryFile;
  readonly #onFailure: (failure: unknown) => void;
  #unsynced = 0;
  #syncing: Promise<void> | undefined;

  constructor(file: TemporaryFile, onFailure: (failure: unknown) => void) {
    this.#file = file;
    this.#onFailure = onFailure;
  }

  written(bytes: number): void {
    this.#unsynced += bytes;
    if (this.#unsynced < SYNC_BYTES || this.#syncing !== undefined) return;
    this.#unsynced = 0;
    const { handle, path } = this.#file;
    this.#syncing = attempt(`sync '${path}'`, handle.datasync())
      .catch(this.#onFailure)
      .finally(() => (this.#syncing = undefined));
  }

  async settle(): Promise<void> {
    await this.#syncing;
  }
}

/** Writes chunks in big strokes, one while the next is gathered; answers how many bytes there were. */
async function writeChunks(
  file: TemporaryFile,
  chunks: AsyncIterable<Uint8Array>,
  pipeline: Pipeline,
  early: EarlySync,
): Promise<number> {
  // Copied: a body may use its own bytes again. Buffers go round, as fresh memory costs more than the copy.
  const free: Buffer[] = [];
  let buffer: Buffer | undefined;
  let filled = 0;
  let position = 0;
  const flush = async (stroke: Buffer): Promise<void> => {
    await pipeline.room();
    const [at, bytes] = [position, filled];
    [buffer, position, filled] = [undefined, at + bytes, 0];
    const writing = attempt(`write '${file.path}'`, writeAt(file, stroke.subarray(0, bytes), at));
    pipeline.add(
      writing.then(() => {
        free.push(stroke);
        early.written(bytes);
      }),
    );
  };
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.byteLength;) {
      buffer ??= free.pop() ?? Buffer.allocUnsafeSlow(WRITE_BYTES);
      const part = chunk.subarray(taken, taken + WRITE_BYTES - filled);
      buffer.set(part, filled);
      taken += part.byteLength;
      filled += part.byteLength;
      if (filled === WRITE_BYTES) await flush(buffer);
    }
  }
  if (buffer !== undefined && filled > 0) await flush(buffer);
  await pipeline.settle();
  return position;
}

/** Writes a body; a failed write ends it at once, also while the body keeps it waiting. */
async function writeBody(
  file: TemporaryFile,
  body: ObjectBody,
  signal: AbortSignal | undefined,
): Promise<number> {
  const link = linkedAbort(signal);
  const fail = (failure: unknown): void => link.abort(failure);
  const pipeline = new Pipeline(WRITES_AT_ONCE, link.signal, fail);
  const early = new EarlySync(file, fail);
  try {
    const written = await writeChunks(file, bodyChunks(body, link.signal), pipeline, early);
    await early.settle();
    link.signal.throwIfAborted();
    return written;
  } finally {
    link.release();
  }
}

/**
 * Writes a file, makes its contents durable, closes it, and looks at what the file system then has:
 * some report a failed write no earlier than fsync(2) or close(2).
 *
 * @throws `OBJECT_INCOMPLETE` when the file has another length than what was written
 */
export async function writeFile(
  file: TemporaryFile,
  body: ObjectBody,
  signal: AbortSignal | undefined,
): Promise<Stats> {
  const { handle, path } = file;
  const written = await writeBody(file, body, signal);
  await attempt(`sync '${path}'`, handle.sync());
  await attempt(`close '${path}'`, handle.close());
  const stats = await attempt(`look at '${path}'`, lstat(path));
  if (stats.size === written) return stats;
  throw new ObjectStoreError(
    'incomplete',
    `'${path}' has ${stats.size} bytes after ${written} were written.`,
    { context: { written, kept: stats.size } },
  );
}
