import { isUint8Array } from 'node:util/types';
import { ObjectStoreError } from './object-store.ts';
import type { ObjectBody } from './object-store.ts';

/** Waits for one chunk; an abort ends the wait, even when the body never answers. */
type NextChunk = () => Promise<IteratorResult<Uint8Array>>;

function nextUnderSignal(chunks: AsyncIterator<Uint8Array>, signal: AbortSignal | undefined) {
  let rejectPending: ((reason: unknown) => void) | undefined;
  let waiting = false;
  // One listener and one slot for the whole body: a race a chunk would keep every chunk's promise
  // alive as long as the signal lives.
  const onAbort = (): void => rejectPending?.(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });

  const next: NextChunk = () =>
    new Promise((resolve, reject) => {
      waiting = true;
      rejectPending = reject;
      if (signal?.aborted === true) reject(signal.reason as Error);
      chunks
        .next()
        .finally(() => (waiting = false))
        .then(resolve, reject);
    });
  return {
    next,
    isWaiting: (): boolean => waiting,
    release: (): void => signal?.removeEventListener('abort', onAbort),
  };
}

function checkChunk(chunk: unknown): Uint8Array {
  if (isUint8Array(chunk)) return chunk;
  throw new ObjectStoreError(
    'invalid',
    `The body gave a chunk that is no bytes: ${typeof chunk}.`,
    {
      hint: 'Give a stream of Uint8Array; a text stream has to be encoded first.',
    },
  );
}

async function closeBody(chunks: AsyncIterator<Uint8Array>, answers: boolean): Promise<void> {
  const closed = chunks.return?.();
  if (closed === undefined) return;
  // The failure that led here is the one to report. A generator that hangs would never get to
  // its return: it is asked, but not waited for.
  const settled = Promise.resolve(closed).catch(() => undefined);
  if (answers) await settled;
}

/**
 * The chunks of an object's body, one at a time: the next is asked for when the one before has been
 * dealt with. For adapters of the {@link ObjectStore} port.
 *
 * However the reader leaves the loop, the body is closed (`return()` of its iterator), so that it
 * frees what it holds. What the body throws passes as it is. Empty chunks are left out.
 *
 * @throws the signal's reason, at once, also while the body keeps it waiting
 * @throws `OBJECT_STORE_INVALID` when a chunk is no Uint8Array
 */
export async function* bodyChunks(
  body: ObjectBody,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (isUint8Array(body)) {
    if (body.byteLength > 0) yield body;
    return;
  }
  const chunks = body[Symbol.asyncIterator]();
  const reader = nextUnderSignal(chunks, signal);
  let open = true;
  try {
    for (;;) {
      const step = await reader.next();
      if (step.done === true) {
        open = false;
        return;
      }
      if (checkChunk(step.value).byteLength > 0) yield step.value;
    }
  } finally {
    reader.release();
    if (open) await closeBody(chunks, !reader.isWaiting());
  }
}
