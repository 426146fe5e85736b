import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { bodyChunks, ObjectStoreError } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';
import { linkedAbort } from '../waiting/linked-abort.ts';
import { Pipeline } from '../waiting/pipeline.ts';
import { EarlySync } from './early-sync.ts';
import { attempt } from './problems.ts';
import { Strokes } from './strokes.ts';
import type { TemporaryFile } from './temporary-files.ts';

/** How many writes are under way, so that the disk does not wait for the body nor the body for the disk. */
const WRITES_AT_ONCE = 2;

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
  const strokes = new Strokes(file, pipeline, early);
  try {
    for await (const chunk of bodyChunks(body, link.signal)) await strokes.take(chunk);
    const written = await strokes.end();
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
