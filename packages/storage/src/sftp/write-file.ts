import { bodyChunks, ObjectStoreError } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';
import type { Stats } from 'ssh2';
import { atOnce } from '../waiting/at-once.ts';
import { linkedAbort } from '../waiting/linked-abort.ts';
import { Pipeline } from '../waiting/pipeline.ts';
import type { SftpSettings } from './options.ts';
import { asStoreError, attempt, isPlainFailure } from './problems.ts';
import type { Requests } from './requests.ts';
import { closeTemporary } from './temporary-files.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** What a refused write means: a server does not say that its disk is full, but tells how much room there is. */
async function refusedWrite(
  requests: Requests,
  file: TemporaryFile,
  bytes: number,
  failure: unknown,
): Promise<unknown> {
  const what = `write '${file.path}'`;
  if (!isPlainFailure(failure)) return asStoreError(failure, what);
  const room = await requests.room(file.path).catch(() => undefined);
  if (room === undefined || (room.freeBytes >= bytes && !room.isReadOnly)) {
    return asStoreError(failure, what);
  }
  const problem = room.isReadOnly ? 'denied' : 'full';
  const why = room.isReadOnly ? 'the file system is read-only' : 'the disk of the server is full';
  return new ObjectStoreError(problem, `Cannot ${what}: ${why}.`, { cause: failure });
}

/** Sends chunks in strokes of one size, in any order; answers how many bytes there were. */
async function send(
  requests: Requests,
  file: TemporaryFile,
  chunks: AsyncIterable<Uint8Array>,
  settings: SftpSettings,
  pipeline: Pipeline,
): Promise<number> {
  const size = settings.requestBytes;
  // Buffers go round: there are never more than strokes under way, and the one that is filled.
  const free: Buffer[] = [];
  let position = 0;
  let filled = 0;
  let buffer: Buffer | undefined;
  const sendStroke = async (stroke: Buffer, bytes: number): Promise<void> => {
    await pipeline.room();
    const at = position;
    position += bytes;
    const writing = requests.write(file.handle, stroke.subarray(0, bytes), at).then(
      () => void free.push(stroke),
      async (failure: unknown) => {
        throw await refusedWrite(requests, file, bytes, failure);
      },
    );
    pipeline.add(writing);
  };
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.byteLength;) {
      buffer ??= free.pop() ?? Buffer.allocUnsafeSlow(size);
      const part = chunk.subarray(taken, taken + size - filled);
      buffer.set(part, filled);
      taken += part.byteLength;
      filled += part.byteLength;
      if (filled < size) continue;
      await sendStroke(buffer, filled);
      buffer = undefined;
      filled = 0;
    }
  }
  if (buffer !== undefined && filled > 0) await sendStroke(buffer, filled);
  await pipeline.settle();
  return position;
}

/** Sends a body; a failed write ends it at once, also while the body keeps it waiting. */
async function sendBody(
  requests: Requests,
  file: TemporaryFile,
  body: ObjectBody,
  settings: SftpSettings,
): Promise<number> {
  const link = linkedAbort(requests.signal);
  const pipeline = new Pipeline(settings.requests, link.signal, (failure) => link.abort(failure));
  try {
    return await send(requests, file, bodyChunks(body, link.signal), settings, pipeline);
  } finally {
    link.release();
  }
}

async function closing(requests: Requests, file: TemporaryFile): Promise<void> {
  const { signal } = requests;
  signal?.throwIfAborted();
  const closed = closeTemporary(file, requests);
  await (signal === undefined ? closed : atOnce(signal, closed));
}

/**
 * Writes a file, makes its contents durable, closes it, and looks at what the server then has.
 *
 * @throws `OBJECT_INCOMPLETE` when the file has another length than what was written
 */
export async function writeFile(
  requests: Requests,
  file: TemporaryFile,
  body: ObjectBody,
  settings: SftpSettings,
): Promise<Stats> {
  const { handle, path } = file;
  const written = await sendBody(requests, file, body, settings);
  if (requests.offers('fsync@openssh.com')) await attempt(`sync '${path}'`, requests.fsync(handle));
  await attempt(`close '${path}'`, closing(requests, file));
  const stats = await attempt(`look at '${path}'`, requests.lstat(path));
  if (stats.size === written) return stats;
  throw new ObjectStoreError(
    'incomplete',
    `'${path}' has ${stats.size} bytes after ${written} were written.`,
    { context: { written, kept: stats.size } },
  );
}
