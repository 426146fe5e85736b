import type { Readable, Writable } from 'node:stream';
import type { Child } from '@holdfast/core/process';
import { piecesOf } from './pieces.ts';

/** How a program's output is read: `piecesOf`, or as it comes, in chunks that nobody touches again. */
export type ReadOutput = (output: Readable) => AsyncIterable<Uint8Array>;

/** What gives a program its bytes. */
export interface Feeder {
  /** Rejects when the bytes are not all there were to be. */
  readonly done: Promise<void>;
  /** Ends it, if it still runs; never rejects. */
  readonly stop: () => Promise<void>;
}

/**
 * Gives what a program prints, then judges all that took part. The program comes
 * first: when it dies its feeder meets a broken pipe, which explains nothing. When the feeder dies the program ends as
 * if nothing were missing; only the feeder itself tells.
 */
export async function* outputOf(
  child: Child,
  feeder: Feeder,
  read: ReadOutput = piecesOf,
): AsyncGenerator<Uint8Array, void, void> {
  let isWhole = false;
  try {
    if (child.stdout !== null) yield* read(child.stdout);
    await child.done;
    await feeder.done;
    isWhole = true;
  } finally {
    if (!isWhole) await Promise.all([feeder.stop(), child.kill()]);
  }
}

/** Writes a piece, and waits until it has been taken, or never will be. */
function written(stdin: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stdin.write(piece, () => resolve());
  });
}

/**
 * Writes a stream into a program, no faster than it takes it, one piece while the next is asked for. That it takes no
 * more shows in its own end.
 *
 * @param source gives chunks that nobody touches again
 */
async function writeAll(source: AsyncIterable<Uint8Array>, child: Child): Promise<void> {
  const stdin = child.stdin as Writable;
  let writing: Promise<void> | undefined;
  try {
    for await (const piece of source) {
      await writing;
      if (stdin.destroyed) return;
      writing = written(stdin, piece);
    }
    await writing;
    stdin.end();
  } catch (error) {
    // The reader of the program is given the source's own error.
    await child.kill(error);
    throw error;
  }
}

/**
 * Runs a stream through a program that was just started. When it is left early, for whatever reason, `giveUp` is
 * called before the source is waited for, so that a source that is itself waiting can be woken.
 */
export async function* throughChild(
  source: AsyncIterable<Uint8Array>,
  child: Child,
  giveUp: () => void,
  read?: ReadOutput,
): AsyncGenerator<Uint8Array, void, void> {
  let isOver = false;
  const done = writeAll(source, child).finally(() => {
    isOver = true;
  });
  done.catch(() => undefined);
  const stop = async (): Promise<void> => {
    await child.kill();
    if (!isOver) giveUp();
    await done.catch(() => undefined);
  };
  yield* outputOf(child, { done, stop }, read);
}
