import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Write } from '../remote/remote-write.ts';
import { markOf } from './place.ts';
import type { AzurePlace } from './place.ts';

/** What a request that publishes a blob says of it. */
export function publishOptions({ settings }: AzurePlace, write: Write) {
  const { immutability } = settings.options;
  const { retainUntil } = write;
  return {
    metadata: markOf(write.id),
    ...(write.ifAbsent && { conditions: { ifNoneMatch: '*' } }),
    ...(retainUntil !== undefined &&
      immutability !== undefined && {
        immutabilityPolicy: {
          expiriesOn: new Date(retainUntil),
          policyMode: immutability === 'locked' ? ('Locked' as const) : ('Unlocked' as const),
        },
      }),
  };
}

const STROKE_BYTES = 1024 * 1024;

function* strokes(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.byteLength; at += STROKE_BYTES) {
    yield bytes.subarray(at, at + STROKE_BYTES);
  }
}

/** Bytes as a request takes them: in strokes, so that it is seen when they go; anew for each try. */
export function bodyOf(bytes: Uint8Array): () => NodeJS.ReadableStream {
  return () => Readable.from(strokes(bytes), { objectMode: false });
}

/** Lets the service compare what has arrived. */
export function md5Of(bytes: Uint8Array): Uint8Array {
  return createHash('md5').update(bytes).digest();
}
