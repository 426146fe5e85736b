import { bodyChunks } from '@holdfast/core';
import type { ObjectBody, ObjectInfo, PutOptions } from '@holdfast/core';
import { gatherParts } from '../remote/gather-parts.ts';
import { beginRemoteWrite, refuseTaken, refuseTooLarge } from '../remote/remote-write.ts';
import type { Write } from '../remote/remote-write.ts';
import { linkedAbort } from '../waiting/linked-abort.ts';
import type { LinkedAbort } from '../waiting/linked-abort.ts';
import { Multipart } from './multipart.ts';
import type { S3Place } from './place.ts';
import type { Uploads } from './uploads.ts';
import { bodyParams, objectParams, publish, publishParams } from './write.ts';

/** Writes an object by one request. */
export function putWhole(
  place: S3Place,
  write: Write,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const input = {
    ...place.target(write.key),
    ...objectParams(place, write),
    ...publishParams(place, write),
    ...bodyParams(place, write, bytes),
  };
  const what = `write '${write.key}' in ${place.url}`;
  return publish(place, write, bytes.byteLength, signal, () =>
    place.link.call(what, signal, (s3, options) => s3.putObject(input, options)),
  );
}

const TOO_LARGE = 'Write it in several objects; or give larger parts, where they must not grow.';

async function send(
  place: S3Place,
  uploads: Uploads,
  write: Write,
  body: ObjectBody,
  link: LinkedAbort,
  begun: (parts: Multipart) => void,
): Promise<ObjectInfo> {
  const { signal } = link;
  const { plan } = place.settings;
  let parts: Multipart | undefined;
  let bytes = 0;
  for await (const part of gatherParts(bodyChunks(body, signal), plan.sizeOf)) {
    bytes += part.bytes.byteLength;
    refuseTooLarge(plan, write, { bytes, number: part.number }, TOO_LARGE);
    if (parts === undefined && !part.isFull) return putWhole(place, write, part.bytes, signal);
    if (parts === undefined) {
      parts = await Multipart.begin(place, uploads, write, link);
      begun(parts);
    }
    await parts.send(part);
  }
  // The last chunk of a stream may have filled its only part.
  return parts!.publish(bytes);
}

/** Writes an object: one that fits into a part by one request, any other in parts. */
export async function putObject(
  place: S3Place,
  uploads: Uploads,
  key: string,
  body: ObjectBody,
  options: PutOptions,
): Promise<ObjectInfo> {
  const write = beginRemoteWrite(place, key, options);
  options.signal?.throwIfAborted();
  if (uploads.hasLeft) void uploads.abortLeft();
  const link = linkedAbort(options.signal);
  let parts: Multipart | undefined;
  try {
    await refuseTaken(place, write, link.signal);
    if (write.ifAbsent) await place.conditions.need(link.signal);
    return await send(place, uploads, write, body, link, (begun) => (parts = begun));
  } catch (error) {
    link.abort(error);
    await parts?.abandon(options.signal?.aborted === true);
    throw error;
  } finally {
    link.release();
  }
}
