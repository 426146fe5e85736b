import { isUint8Array } from 'node:util/types';
import { isReplayable, replayableBody, tappedBody } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';

function dividedChunks(chunks: AsyncIterator<Uint8Array>, most: number): AsyncIterator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async next() {
      if (rest.byteLength === 0) {
        const step = await chunks.next();
        if (step.done === true) return step;
        rest = step.value;
      }
      const value = rest.subarray(0, most);
      rest = rest.subarray(most);
      return { done: false, value };
    },
    async return() {
      await chunks.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** A body in chunks of no more than so many bytes. Closing it reaches the body at once. */
export function strokesOf(body: ObjectBody, most: number): AsyncIterable<Uint8Array> {
  const source = isUint8Array(body) ? tappedBody(body, () => ({ chunk: (bytes) => bytes })) : body;
  const divided = {
    [Symbol.asyncIterator]: () => dividedChunks(source[Symbol.asyncIterator](), most),
  };
  return isReplayable(body) ? replayableBody(() => divided) : divided;
}
