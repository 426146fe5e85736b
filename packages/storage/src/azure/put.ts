import { bodyChunks } from '@holdfast/core';
import type { ObjectBody, ObjectInfo, PutOptions } from '@holdfast/core';
import { gatherParts } from '../remote/gather-parts.ts';
import type { Part } from '../remote/gather-parts.ts';
import { PartsUnderWay } from '../remote/parts-under-way.ts';
import {
  beginRemoteWrite,
  publishRemote,
  refuseTaken,
  refuseTooLarge,
} from '../remote/remote-write.ts';
import type { Write } from '../remote/remote-write.ts';
import { linkedAbort } from '../waiting/linked-abort.ts';
import type { LinkedAbort } from '../waiting/linked-abort.ts';
import type { AzurePlace } from './place.ts';
import { bodyOf, md5Of, publishOptions } from './write.ts';

/** Writes an object by one request. */
function putWhole(
  place: AzurePlace,
  write: Write,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const options = publishOptions(place, write);
  const what = `write '${write.key}' in ${place.url}`;
  return publishRemote(place, write, bytes.byteLength, signal, () =>
    place.link.call(what, signal, (container, { abortSignal, alive: onProgress }) =>
      container
        .getBlockBlobClient(write.name)
        .upload(bodyOf(bytes), bytes.byteLength, { ...options, abortSignal, onProgress }),
    ),
  );
}

/** The name of a block: of one length for all, and of this write alone, as others may send blocks of the same blob. */
function blockId({ id }: Write, number: number): string {
  return Buffer.from(`${id}-${String(number).padStart(5, '0')}`).toString('base64');
}

async function stage(
  place: AzurePlace,
  write: Write,
  { number, bytes }: Part,
  signal: AbortSignal,
): Promise<void> {
  const what = `write part ${number} of '${write.key}' in ${place.url}`;
  const transactionalContentMD5 = md5Of(bytes);
  await place.link.call(what, signal, (container, { abortSignal, alive: onProgress }) =>
    container
      .getBlockBlobClient(write.name)
      .stageBlock(blockId(write, number), bodyOf(bytes), bytes.byteLength, {
        transactionalContentMD5,
        abortSignal,
        onProgress,
      }),
  );
}

function commit(
  place: AzurePlace,
  write: Write,
  blocks: number,
  bytes: number,
  signal: AbortSignal,
): Promise<ObjectInfo> {
  const ids = Array.from({ length: blocks }, (_, index) => blockId(write, index + 1));
  const options = publishOptions(place, write);
  return publishRemote(place, write, bytes, signal, () =>
    place.link.call(
      `complete '${write.key}' in ${place.url}`,
      signal,
      (container, { abortSignal }) =>
        container.getBlockBlobClient(write.name).commitBlockList(ids, { ...options, abortSignal }),
    ),
  );
}

const TOO_LARGE = 'Write it in several objects.';

async function send(
  place: AzurePlace,
  write: Write,
  body: ObjectBody,
  link: LinkedAbort,
): Promise<ObjectInfo> {
  const { signal } = link;
  const underWay = new PartsUnderWay(link, place.settings);
  const { plan } = place.settings;
  let bytes = 0;
  let blocks = 0;
  for await (const part of gatherParts(bodyChunks(body, signal), plan.sizeOf)) {
    bytes += part.bytes.byteLength;
    blocks = part.number;
    refuseTooLarge(plan, write, { bytes, number: blocks }, TOO_LARGE);
    if (part.number === 1 && !part.isFull) return putWhole(place, write, part.bytes, signal);
    await underWay.start(part.bytes.byteLength, () => stage(place, write, part, signal));
  }
  await underWay.settle();
  return commit(place, write, blocks, bytes, signal);
}

/** Writes an object: one that fits into a block by one request, any other in blocks. */
export async function putObject(
  place: AzurePlace,
  key: string,
  body: ObjectBody,
  options: PutOptions,
): Promise<ObjectInfo> {
  const write = beginRemoteWrite(place, key, options);
  options.signal?.throwIfAborted();
  const link = linkedAbort(options.signal);
  try {
    await refuseTaken(place, write, link.signal);
    return await send(place, write, body, link);
  } catch (error) {
    link.abort(error);
    throw error;
  } finally {
    link.release();
  }
}
