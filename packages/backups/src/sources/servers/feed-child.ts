import type { Writable } from 'node:stream';
import type { Child } from '@holdfast/core/process';

/** Waits until a pipe takes more, or is broken. */
function untilDrained(pipe: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      pipe.off('drain', done).off('close', done);
      resolve();
    };
    pipe.on('drain', done).on('close', done);
    if (pipe.destroyed) done();
  });
}

/**
 * Gives a program what it reads, all of it. A program that ends before it has read everything breaks the pipe:
 * the bytes are read to their end all the same, since only then they are proven.
 *
 * @returns when the bytes have ended and the program has ended well
 * @throws what the bytes threw, with the program ended: it must not take a cut input for a whole one; else what
 *   `child.done` throws
 */
export async function feedChild(bytes: AsyncIterable<Uint8Array>, child: Child): Promise<void> {
  const { stdin } = child;
  try {
    for await (const chunk of bytes) {
      if (stdin === null || stdin.destroyed || !stdin.writable || stdin.write(chunk)) continue;
      await untilDrained(stdin);
    }
  } catch (error) {
    await child.kill(error).catch(() => undefined);
    throw error;
  }
  stdin?.end();
  // What it prints is nothing that anybody waits for, but a full pipe would hold it up.
  child.stdout?.resume();
  await child.done;
}
