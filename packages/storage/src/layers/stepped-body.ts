import { isUint8Array } from 'node:util/types';
import { isReplayable, replayableBody, tappedBody } from '@holdfast/core';
import type { ObjectBody } from '@holdfast/core';

type Step = IteratorResult<Uint8Array>;

/** Takes a step of a body by calling `take`, with what has to happen before and after. */
type StepTaker = (take: () => Promise<Step>) => Promise<Step>;

/** A body each of whose steps is taken in a certain way. Closing it reaches the body at once. */
export function steppedBody(body: ObjectBody, step: StepTaker): AsyncIterable<Uint8Array> {
  const source = isUint8Array(body) ? tappedBody(body, () => ({ chunk: (bytes) => bytes })) : body;
  const stepped = {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      const chunks = source[Symbol.asyncIterator]();
      return {
        next: () => step(() => chunks.next()),
        async return() {
          await chunks.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
  return isReplayable(body) ? replayableBody(() => stepped) : stepped;
}
