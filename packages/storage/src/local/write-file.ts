import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { ObjectStoreError } from '@holdfast/core';
import { attempt } from './problems.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** How much is gathered for one write, in bytes. */
const WRITE_BYTES = 1024 * 1024;

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

/** Writes chunks in big strokes, in order; answers how many bytes there were. */
async function writeChunks(
  file: TemporaryFile,
  chunks: AsyncIterable<Uint8Array>,
): Promise<number> {
  let gathered: Uint8Array | undefined;
  let filled = 0;
  let written = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await attempt(`write '${file.path}'`, writeAt(file, bytes, written));
    written += bytes.byteLength;
  };
  const flush = async (): Promise<void> => {
    if (gathered && filled > 0) await write(gathered.subarray(0, filled));
    filled = 0;
  };
  for await (const chunk of chunks) {
    if (filled + chunk.byteLength > WRITE_BYTES) await flush();
    if (chunk.byteLength >= WRITE_BYTES) {
      await write(chunk);
    } else {
      gathered ??= Buffer.allocUnsafeSlow(WRITE_BYTES);
      gathered.set(chunk, filled);
      filled += chunk.byteLength;
    }
  }
  await flush();
  return written;
}

/**
 * Writes a file, makes its contents durable, closes it, and looks at what the file system then has:
 * some report a failed write no earlier than fsync(2) or close(2).
 *
 * @throws `OBJECT_INCOMPLETE` when the file has another length than what was written
 */
export async function writeFile(
  file: TemporaryFile,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Stats> {
  const { handle, path } = file;
  const written = await writeChunks(file, chunks);
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
