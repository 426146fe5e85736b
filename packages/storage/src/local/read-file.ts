import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { ObjectStoreError, rangeWithin } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import { asStoreError, attempt, isAbsence } from './problems.ts';

/** The most that one read asks for, in bytes. */
const READ_BYTES = 1024 * 1024;

/** No link is followed, and opening a pipe does not wait for its writer; both are 0 on Windows. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

async function* readRange(handle: FileHandle, path: string, options: GetOptions): Chunks {
  const stats = await attempt(`look at '${path}'`, handle.stat());
  if (!stats.isFile()) {
    throw new ObjectStoreError('invalid', `'${path}' is no file.`, { context: { path } });
  }
  const range = rangeWithin(stats.size, options);
  for (let at = range.start; at < range.end;) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, range.end - at));
    const { bytesRead } = await attempt(
      `read '${path}'`,
      handle.read(buffer, 0, buffer.byteLength, at),
    );
    options.signal?.throwIfAborted();
    if (bytesRead === 0) {
      throw new ObjectStoreError(
        'incomplete',
        `'${path}' ended at ${at} of ${stats.size} bytes while it was read.`,
        { hint: 'Something has cut the file; compare it with another copy.' },
      );
    }
    at += bytesRead;
    yield bytesRead === buffer.byteLength ? buffer : buffer.subarray(0, bytesRead);
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
 * Reads a file, or a range of it, chunk by chunk; never ahead of the reader. The file is closed when
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
