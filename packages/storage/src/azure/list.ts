import { checkObjectPrefix, isObjectKey } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import { checkedOrder, sortedByUtf8 } from '../remote/key-order.ts';
import { wholeSeconds } from '../remote/remote-place.ts';
import type { AzurePlace } from './place.ts';

type Infos = AsyncGenerator<ObjectInfo, void, undefined>;

async function* pages(place: AzurePlace, below: string, signal: AbortSignal | undefined): Infos {
  const prefix = place.settings.prefix + below;
  const { pageKeys: maxPageSize } = place.settings;
  const what = `list ${place.url}`;
  let continuationToken: string | undefined;
  do {
    const from = continuationToken === undefined ? {} : { continuationToken };
    const page = await place.link.call(what, signal, async (container, { abortSignal }) => {
      const listing = container.listBlobsFlat({ prefix, abortSignal });
      const { value } = await listing.byPage({ maxPageSize, ...from }).next();
      return value;
    });
    for (const { name, properties } of page?.segment.blobItems ?? []) {
      const key = place.keyOf(name);
      if (!isObjectKey(key)) continue;
      signal?.throwIfAborted();
      const modifiedAt = wholeSeconds(properties.lastModified);
      yield { key, bytes: properties.contentLength ?? 0, modifiedAt };
    }
    continuationToken = page?.continuationToken === '' ? undefined : page?.continuationToken;
  } while (continuationToken !== undefined);
  signal?.throwIfAborted();
}

/** The objects whose keys begin with a text, page by page; what others put there under names that are no keys is left out. */
export async function* listObjects(
  place: AzurePlace,
  prefix: string,
  signal: AbortSignal | undefined,
): Infos {
  checkObjectPrefix(prefix);
  yield* checkedOrder(sortedByUtf8(pages(place, prefix, signal)), place.url);
}
