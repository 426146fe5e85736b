import { isUint8Array } from 'node:util/types';
import { isReplayable, replayableBody } from './replayable-body.ts';
import type { ObjectBody } from './object-store.ts';

/** What happens to the chunks of a body on their way. */
export interface BodyTap {
  /** Is given each chunk, and gives what goes on; it is waited for. What it throws ends the body. */
  chunk(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Is called when the body has ended, before anybody else learns of it. What it throws ends the body. */
  end?(): void | Promise<void>;
}

function chunksOf(body: ObjectBody): AsyncIterator<Uint8Array> {
  if (!isUint8Array(body)) return body[Symbol.asyncIterator]();
  let given = false;
  return {
    next: async () => {
      if (given) return { done: true, value: undefined };
      given = true;
      return { done: false, value: body };
    },
  };
}

function tappedChunks(body: ObjectBody, tap: BodyTap): AsyncIterator<Uint8Array> {
  const chunks = chunksOf(body);
  const pass = async (step: IteratorResult<Uint8Array>): Promise<IteratorResult<Uint8Array>> => {
    if (step.done !== true) return { done: false, value: await tap.chunk(step.value) };
    await tap.end?.();
    return step;
  };
  return {
    next: async () => pass(await chunks.next()),
    async return() {
      await chunks.return?.();
      return { done: true, value: undefined };
    },
  };
}

/**
 * A body as it comes through a layer. The next chunk is asked for when the one before has been dealt with, and
 * closing it reaches the body at once, also while that keeps the reader waiting, as a generator could not. What could
 * be read again still can.
 *
 * @param begin makes the tap, anew each time that the body is read from its beginning
 */
export function tappedBody(body: ObjectBody, begin: () => BodyTap): AsyncIterable<Uint8Array> {
  const tapped = {
    [Symbol.asyncIterator]: () => tappedChunks(body, begin()),
  };
  return isReplayable(body) ? replayableBody(() => tapped) : tapped;
}
