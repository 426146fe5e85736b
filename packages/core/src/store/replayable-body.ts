import { isUint8Array } from 'node:util/types';
import type { ObjectBody } from './object-store.ts';

const REPLAYABLE = Symbol.for('@holdfast/replayable-body');

/**
 * A body that can be read again from its beginning, so that a failed write can be tried again:
 * `replayableBody(() => createReadStream(path))`.
 *
 * @param open begins a stream of the same bytes, each time it is called
 */
export function replayableBody(open: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const body = { [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator](), [REPLAYABLE]: true };
  return body;
}

/** Whether a body can be read again: bytes, or what {@link replayableBody} has made. */
export function isReplayable(body: ObjectBody): boolean {
  return isUint8Array(body) || REPLAYABLE in body;
}
