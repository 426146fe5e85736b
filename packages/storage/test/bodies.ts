const MIB = 1024 * 1024;

/** A body of so many bytes in chunks of 1 MiB; calls back before each chunk. */
export async function* bodyOf(
  bytes: number,
  before: (given: number) => unknown = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let given = 0; given < bytes; given += MIB) {
    await before(given);
    yield Buffer.alloc(Math.min(MIB, bytes - given), given / MIB);
  }
  await before(bytes);
}

/** A body that nobody may read. */
export const untouchable: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: (): never => {
    throw new Error('the body was read');
  },
};

/** A body that gives its bytes and then keeps its reader waiting; tells when it does, and when it is closed. */
export function stuckBody(bytes: number) {
  const chunks = bodyOf(bytes);
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { promise: stuck, resolve: isStuck } = Promise.withResolvers<void>();
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const step = await chunks.next();
        if (step.done !== true) return step;
        isStuck();
        return new Promise<never>(() => undefined);
      },
      async return() {
        resolve();
        return { done: true, value: undefined };
      },
    }),
  };
  return { body, stuck, closed };
}
