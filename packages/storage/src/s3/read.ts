import { ObjectStoreError } from '@holdfast/core';
import type { GetOptions } from '@holdfast/core';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { readRemote } from '../remote/read-remote.ts';
import type { RemoteBody } from '../remote/read-remote.ts';
import type { S3Place } from './place.ts';

/** The header for a range; undefined for the whole. */
function rangeHeader({ start = 0, end }: GetOptions): string | undefined {
  if (start === 0 && end === undefined) return undefined;
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

/** A service that does not know ranges answers with the whole, which must not be taken for a part. */
function refuseWhole(key: string, output: GetObjectCommandOutput, options: GetOptions): void {
  const { start = 0, end = Number.POSITIVE_INFINITY } = options;
  const isRange = output.ContentRange !== undefined;
  if (isRange || (start === 0 && (output.ContentLength ?? 0) <= end)) return;
  throw new ObjectStoreError('invalid', `The service gave all of '${key}' for a part of it.`, {
    hint: 'Use a service that knows requests for a range.',
    context: { key },
  });
}

async function ask(
  place: S3Place,
  key: string,
  options: GetOptions,
  reading: AbortSignal,
): Promise<RemoteBody> {
  const Range = rangeHeader(options);
  const input = { ...place.target(key), ...(Range !== undefined && { Range }) };
  const what = `read '${key}' in ${place.url}`;
  const output = await place.link.read(what, reading, (s3, send) => s3.getObject(input, send));
  refuseWhole(key, output, options);
  return { chunks: output.Body as AsyncIterable<Uint8Array>, bytes: output.ContentLength };
}

/** Reads an object, or a range of it, as it comes. */
export function readObject(
  place: S3Place,
  key: string,
  options: GetOptions,
): AsyncIterable<Uint8Array> {
  return readRemote(place, key, options, (reading) => ask(place, key, options, reading));
}
