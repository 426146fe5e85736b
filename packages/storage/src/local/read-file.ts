import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ObjectStoreError, rangeWithin } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import { ChunkBuffers } from '../bytes/chunk-buffers.ts';
import { asStoreError, attempt, isAbsence } from './problems.ts';

/** The most that one read asks for, in bytes. */
const READ_BYTES = 2 * 1024 * 1024;

/** No link is followed, and opening a pipe does not wait for its writer; both are 0 on Windows. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Reads up to as much as there is room for. */
async function readStroke(
  handle: FileHandle,
  path: string,
  start: number,
  buffer: Buffer,
): Promise<Buffer> {
  const reading = handle.read(buffer, 0, buffer.byteLength, start);
  const { bytesRead } = await attempt(`read '${path}'`, reading);
  if (bytesRead > 0) return buffer.subarray(0, bytesRead);
  throw new ObjectStoreError('incomplete', `'${path}' ended at byte ${start} while it was read.`, {
    hint: 'Something has cut the file; compare it with another copy.',
  });
}

async function* readRange(handle: FileHandle, path: string, options: GetOptions): Chunks {
  const stats = await attempt(`look at '${path}'`, handle.stat());
  if (!stats.isFile()) {
    throw new ObjectStoreError('invalid', `'${path}' is no file.`, { context: { path } });
  }
  const { start, end } = rangeWithin(stats.size, options);
  const buffers = new ChunkBuffers(options.lent);
  const from = (at: number): Promise<Buffer> | undefined => {
    if (at >= end) return undefined;
    const next = readStroke(handle, path, at, buffers.take(Math.min(READ_BYTES, end - at)));
    // The reader may leave before it comes.
    next.catch(() => undefined);
    return next;
  };
  let next = from(start);
  for (let at = start; next !== undefined;) {
    const chunk: Buffer = await next;
    options.signal?.throwIfAborted();
    at += chunk.byteLength;
    next = from(at);
    yield buffers.give(chunk);
    options.signal?.throwIfAborted();
  }
}

async function openObject(path: string): Promise<FileHandle> {
  try {
    return await open(path, FLAGS);
  } catch (error) {
    if (!isAbsence(error)) throw asStoreError(error, `open '${path}'`);
    throw new ObjectStoreError('missing', `The object at '${path}' was just deleted.`, {
      cause: error,
    });
  }
}

/**
 * Reads a file, or a range of it, chunk by chunk, one of them ahead of the reader. The file is closed when
 * the loop ends in whatever way, and at once when the signal aborts.
 */
export async function* readFile(path: string, options: GetOptions): Chunks {
  const { signal } = options;
  const handle = await openObject(path);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= handle.close());
  // A close waits for the read under way.
  const onAbort = (): void => void close().catch(() => undefined);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    yield* readRange(handle, path, options);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await close().catch(() => undefined);
  }
}
