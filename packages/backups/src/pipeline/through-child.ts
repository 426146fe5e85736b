import type { Writable } from 'node:stream';
import type { Child } from '@holdfast/core/process';
import { drained } from './drained.ts';

/** What gives a program its bytes. */
export interface Feeder {
  /** Rejects when the bytes are not all there were to be. */
  readonly done: Promise<void>;
  /** Ends it, if it still runs; never rejects. */
  readonly stop: () => Promise<void>;
}

/**
 * Gives what a program prints, then judges all that took part. The program comes first: when it dies its feeder
 * meets a broken pipe, which explains nothing. When the feeder dies the program ends as if nothing were missing;
 * only the feeder itself tells.
 */
export async function* outputOf(
  child: Child,
  feeder: Feeder,
): AsyncGenerator<Uint8Array, void, void> {
  let isWhole = false;
  try {
    for await (const chunk of child.stdout ?? []) yield chunk as Uint8Array;
    await child.done;
    await feeder.done;
    isWhole = true;
  } finally {
    if (!isWhole) await Promise.all([feeder.stop(), child.kill()]);
  }
}

/** Writes a stream into a program, no faster than it takes it. That it takes no more shows in its own end. */
async function writeAll(source: AsyncIterable<Uint8Array>, child: Child): Promise<void> {
  const stdin = child.stdin as Writable;
  try {
    for await (const piece of source) {
      if (!stdin.destroyed && !stdin.write(piece)) await drained(stdin);
      if (stdin.destroyed) return;
    }
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
  yield* outputOf(child, { done, stop });
}
