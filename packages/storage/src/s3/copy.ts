import { ObjectStoreError, objectStoreProblem } from '@holdfast/core';
import type { ObjectInfo, PutOptions } from '@holdfast/core';
import { missingObject } from '../remote/remote-place.ts';
import { beginRemoteWrite, refuseTaken } from '../remote/remote-write.ts';
import type { Write } from '../remote/remote-write.ts';
import { linkedAbort } from '../waiting/linked-abort.ts';
import type { LinkedAbort } from '../waiting/linked-abort.ts';
import { Multipart } from './multipart.ts';
import type { S3Object, S3Place } from './place.ts';
import { putWhole } from './put.ts';
import type { Uploads } from './uploads.ts';
import { objectParams, publish } from './write.ts';

/** Into how many parts an object is divided, unless they would be too large or too small. */
const USUAL_PARTS = 1000;
/** The least that a part may have that is not the last. */
const LEAST_PART = 5 * 1024 * 1024;

/** Names the source of a copy. */
function sourceParams(place: S3Place, { key }: S3Object): { readonly CopySource: string } {
  const { Bucket, Key } = place.target(key);
  return { CopySource: `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}` };
}

/**
 * Looks whether the source is still what it was. Some services (Swift) do not know their own ETags of objects in parts
 * when these are made a condition of a copy; so it is asked for afterwards.
 *
 * @throws `OBJECT_STORE_UNAVAILABLE` when it was replaced: the next try copies the new one
 */
async function refuseChanged(place: S3Place, source: S3Object, signal: AbortSignal): Promise<void> {
  const now = await place.look(source.key, signal);
  const isSame = now?.etag === source.etag && now?.bytes === source.bytes;
  if (isSame && now.modifiedAt === source.modifiedAt) return;
  throw new ObjectStoreError('unavailable', `'${source.key}' was replaced while it was copied.`, {
    hint: 'Copy it again.',
    context: { key: source.key },
  });
}

async function copyWhole(
  place: S3Place,
  write: Write,
  source: S3Object,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const { contentType } = source;
  const input = {
    ...place.target(write.key),
    ...sourceParams(place, source),
    ...objectParams(place, write),
    ...(contentType !== undefined && { ContentType: contentType }),
    MetadataDirective: 'REPLACE' as const,
  };
  const what = `copy '${source.key}' to '${write.key}' in ${place.url}`;
  try {
    return await publish(place, write, source.bytes, signal, () =>
      place.link.call(what, signal, (s3, options) => s3.copyObject(input, options)),
    );
  } catch (error) {
    if (objectStoreProblem(error) === 'incomplete') await refuseChanged(place, source, signal);
    throw error;
  }
}

async function copyParts(
  place: S3Place,
  parts: Multipart,
  source: S3Object,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const { copyBytes, plan } = place.settings;
  const { bytes } = source;
  const usual = Math.min(copyBytes, Math.max(LEAST_PART, Math.ceil(bytes / USUAL_PARTS)));
  const size = Math.max(usual, Math.ceil(bytes / plan.maxParts));
  const params = sourceParams(place, source);
  for (let at = 0, number = 1; at < bytes; at += size, number++) {
    const end = Math.min(at + size, bytes);
    await parts.copy(number, `bytes=${at}-${end - 1}`, params);
  }
  await parts.settle();
  await refuseChanged(place, source, signal);
  return parts.publish(bytes);
}

/**
 * One request copies up to a size, and cannot be told to copy only if the key is free: what is larger, or must not
 * replace, is copied in parts.
 */
function mustBeDivided(place: S3Place, write: Write, source: S3Object): boolean {
  const isConditional = write.ifAbsent && place.settings.ifAbsent === 'conditional';
  return isConditional || source.bytes > place.settings.copyBytes;
}

async function copy(
  place: S3Place,
  uploads: Uploads,
  write: Write,
  source: S3Object,
  link: LinkedAbort,
  begun: (parts: Multipart) => void,
): Promise<ObjectInfo> {
  if (!mustBeDivided(place, write, source)) return copyWhole(place, write, source, link.signal);
  if (source.bytes === 0) return putWhole(place, write, new Uint8Array(0), link.signal);
  const parts = await Multipart.begin(place, uploads, write, link);
  begun(parts);
  return copyParts(place, parts, source, link.signal);
}

/** Copies an object on the service's side. */
export async function copyObject(
  place: S3Place,
  uploads: Uploads,
  from: string,
  to: string,
  options: PutOptions,
): Promise<ObjectInfo> {
  place.target(from);
  const write = beginRemoteWrite(place, to, options);
  options.signal?.throwIfAborted();
  const link = linkedAbort(options.signal);
  let parts: Multipart | undefined;
  try {
    const source = (await place.look(from, link.signal)) ?? missingObject(place, from);
    if (write.ifAbsent) {
      await refuseTaken(place, write, link.signal);
      await place.conditions.need(link.signal);
    }
    return await copy(place, uploads, write, source, link, (begun) => (parts = begun));
  } catch (error) {
    link.abort(error);
    await parts?.abandon(options.signal?.aborted === true);
    throw error;
  } finally {
    link.release();
  }
}
