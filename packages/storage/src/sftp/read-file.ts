import { ObjectStoreError, rangeWithin } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import { ChunkBuffers } from '../bytes/chunk-buffers.ts';
import { atOnce } from '../waiting/at-once.ts';
import type { SftpSettings } from './options.ts';
import { asStoreError, attempt, isAbsence } from './problems.ts';
import type { Handle, Requests } from './requests.ts';

type Chunks = AsyncGenerator<Uint8Array, void, undefined>;

/** Reads a stretch whole: a server may give a part of it only. */
async function readStretch(
  requests: Requests,
  handle: Handle,
  path: string,
  start: number,
  buffer: Buffer,
): Promise<Buffer> {
  for (let filled = 0; filled < buffer.byteLength;) {
    const reading = requests.read(handle, buffer.subarray(filled), start + filled);
    const bytes = await attempt(`read '${path}'`, reading);
    if (bytes === 0) {
      throw new ObjectStoreError('incomplete', `'${path}' ended early while it was read.`, {
        hint: 'Something has cut the file; compare it with another copy.',
        context: { at: start + filled },
      });
    }
    filled += bytes;
  }
  return buffer;
}

async function* readRange(
  requests: Requests,
  handle: Handle,
  path: string,
  options: GetOptions,
  settings: SftpSettings,
): Chunks {
  const stats = await attempt(`look at '${path}'`, requests.fstat(handle));
  const range = rangeWithin(stats.size, options);
  const { signal } = requests;
  const buffers = new ChunkBuffers(options.lent);
  const ahead: Promise<Buffer>[] = [];
  let asked = range.start;
  for (;;) {
    while (asked < range.end && ahead.length < settings.requests) {
      const buffer = buffers.take(Math.min(settings.requestBytes, range.end - asked));
      const stretch = readStretch(requests, handle, path, asked, buffer);
      // The reader may leave before it comes.
      stretch.catch(() => undefined);
      ahead.push(stretch);
      asked += buffer.byteLength;
    }
    const next = ahead.shift();
    if (next === undefined) return;
    yield buffers.give(await (signal === undefined ? next : atOnce(signal, next)));
    signal?.throwIfAborted();
  }
}

async function openObject(requests: Requests, path: string): Promise<Handle> {
  try {
    return await requests.openToRead(path);
  } catch (error) {
    if (!isAbsence(error)) throw asStoreError(error, `open '${path}'`);
    throw new ObjectStoreError('missing', `The object at '${path}' was just deleted.`, {
      cause: error,
    });
  }
}

/**
 * Reads a file, or a range of it, in order, with so many requests under way as the settings say. The file is closed when
 * the loop ends in whatever way, and at once when the signal aborts.
 */
export async function* readFile(
  requests: Requests,
  path: string,
  options: GetOptions,
  settings: SftpSettings,
): Chunks {
  const { signal } = options;
  const handle = await openObject(requests, path);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) void requests.unsignalled.close(handle).catch(() => undefined);
    isOpen = false;
  };
  signal?.addEventListener('abort', close, { once: true });
  try {
    signal?.throwIfAborted();
    yield* readRange(requests, handle, path, options, settings);
  } finally {
    signal?.removeEventListener('abort', close);
    close();
  }
}
