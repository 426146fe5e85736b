import { once } from 'node:events';
import type { Writable } from 'node:stream';

/**
 * Resolves when a stream takes more, or will never take anything again; leaves no listener behind.
 *
 * @throws the stream's error
 */
export async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return;
  const over = new AbortController();
  const { signal } = over;
  try {
    await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]);
  } finally {
    over.abort();
  }
}
