import { isUint8Array } from 'node:util/types';
import type { ObjectBody } from '../../store/object-store.ts';

type Bytes = AsyncIterable<Uint8Array>;
type Disturbed = AsyncGenerator<Uint8Array, void, undefined>;

/** A body as a stream, and how many bytes it has given so far. */
export function counted(body: ObjectBody) {
  const count = { bytes: 0 };
  async function* stream(): Disturbed {
    const chunks = isUint8Array(body) ? [body] : body;
    for await (const chunk of chunks) {
      count.bytes += chunk.byteLength;
      yield chunk;
    }
  }
  return { count, stream: stream() };
}

/** The first bytes of a stream; then `atEnd` is called, which may throw. */
export async function* upTo(stream: Bytes, bytes: number, atEnd: () => void): Disturbed {
  let left = bytes;
  for await (const chunk of stream) {
    if (chunk.byteLength >= left) {
      if (left > 0) yield chunk.subarray(0, left);
      atEnd();
      return;
    }
    left -= chunk.byteLength;
    yield chunk;
  }
}

/** The first bytes of a stream, which is read to its end all the same. */
export async function* onlyFirst(stream: Bytes, bytes: number): Disturbed {
  let left = bytes;
  for await (const chunk of stream) {
    const part = chunk.subarray(0, left);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
  }
}

/** The stream with the lowest bit of one byte changed. */
export async function* flipped(stream: Bytes, atByte: number): Disturbed {
  let at = 0;
  for await (const chunk of stream) {
    const index = atByte - at;
    at += chunk.byteLength;
    if (index < 0 || index >= chunk.byteLength) {
      yield chunk;
      continue;
    }
    const wrong = Uint8Array.from(chunk);
    wrong[index] = (wrong[index] ?? 0) ^ 1;
    yield wrong;
  }
}

/** The stream with a wait before every chunk. */
export async function* slowed(stream: Bytes, wait: () => Promise<void>): Disturbed {
  for await (const chunk of stream) {
    await wait();
    yield chunk;
  }
}
