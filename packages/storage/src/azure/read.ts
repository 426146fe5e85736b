import type { GetOptions } from '@holdfast/core';
import { readRemote } from '../remote/read-remote.ts';
import type { RemoteBody } from '../remote/read-remote.ts';
import type { AzurePlace } from './place.ts';

async function ask(
  place: AzurePlace,
  key: string,
  { start = 0, end }: GetOptions,
  reading: AbortSignal,
): Promise<RemoteBody> {
  const name = place.nameOf(key);
  const count = end === undefined ? undefined : end - start;
  const options = { abortSignal: reading };
  const answer = await place.link.call(`read '${key}' in ${place.url}`, reading, (container) =>
    container.getBlobClient(name).download(start, count, options),
  );
  const chunks = answer.readableStreamBody as unknown as AsyncIterable<Uint8Array>;
  return { chunks, bytes: answer.contentLength };
}

/** Reads an object, or a range of it, as it comes. */
export function readObject(
  place: AzurePlace,
  key: string,
  options: GetOptions,
): AsyncIterable<Uint8Array> {
  return readRemote(place, key, options, (reading) => ask(place, key, options, reading));
}
