/** Bodies with a script: they stop, fail and tell on a check's command. */

/** A body that gives its chunks and then waits; the check decides how it goes on. */
export interface HeldBody extends AsyncIterable<Uint8Array> {
  /** Settles when the store has taken all chunks and asks for more. */
  readonly asked: Promise<void>;
  /** Whether the store has closed the body, with `return()`. */
  readonly closed: Promise<void>;
  /** Lets the body end. */
  end(): void;
  /** Lets the body fail. */
  fail(error: Error): void;
}

export function heldBody(chunks: readonly Uint8Array[]): HeldBody {
  const asked = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const last = Promise.withResolvers<IteratorResult<Uint8Array>>();
  // The check may fail a body that nobody reads any more.
  last.promise.catch(() => undefined);
  let given = 0;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      const chunk = chunks[given++];
      if (chunk !== undefined) return { done: false, value: chunk };
      asked.resolve();
      return last.promise;
    },
    async return() {
      closed.resolve();
      return { done: true, value: undefined };
    },
  };
  return {
    [Symbol.asyncIterator]: () => iterator,
    asked: asked.promise,
    closed: closed.promise,
    end: () => last.resolve({ done: true, value: undefined }),
    fail: (error) => last.reject(error),
  };
}

/** A body that gives some chunks and throws. */
export async function* failingBody(
  chunks: readonly Uint8Array[],
  error: unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks;
  throw error;
}

/** A body that gives every chunk in one and the same buffer, as a reader with a pool does. */
export async function* reusingBody(
  bytes: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.byteLength; at += size) {
    const part = bytes.subarray(at, at + size);
    buffer.set(part);
    yield buffer.subarray(0, part.byteLength);
    buffer.fill(0);
  }
}

/** A body that counts how many chunks it is asked for at once, and whether anything is asked after the end. */
export function watchedBody(chunks: readonly Uint8Array[]) {
  const seen = { atOnce: 0, most: 0, afterEnd: 0 };
  let given = 0;
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      if (given > chunks.length) seen.afterEnd++;
      seen.most = Math.max(seen.most, ++seen.atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      seen.atOnce--;
      const value = chunks[given++];
      return value === undefined ? { done: true, value: undefined } : { done: false, value };
    },
  };
  return { seen, body: { [Symbol.asyncIterator]: () => iterator } };
}
