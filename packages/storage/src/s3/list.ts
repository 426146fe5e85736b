import { checkObjectPrefix, isObjectKey } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import { checkedOrder } from '../remote/key-order.ts';
import { wholeSeconds } from '../remote/remote-place.ts';
import type { S3Place } from './place.ts';

type Infos = AsyncGenerator<ObjectInfo, void, undefined>;

async function* pages(place: S3Place, prefix: string, signal: AbortSignal | undefined): Infos {
  const { pageKeys: MaxKeys } = place.settings;
  const all = { Bucket: place.bucket, Prefix: place.settings.prefix + prefix, MaxKeys };
  let ContinuationToken: string | undefined;
  do {
    const token = ContinuationToken;
    const input = { ...all, ...(token !== undefined && { ContinuationToken: token }) };
    const page = await place.link.call(`list ${place.url}`, signal, (s3, options) =>
      s3.listObjectsV2(input, options),
    );
    for (const { Key = '', Size, LastModified } of page.Contents ?? []) {
      const key = place.keyOf(Key);
      if (!isObjectKey(key)) continue;
      signal?.throwIfAborted();
      yield { key, bytes: Size ?? 0, modifiedAt: wholeSeconds(LastModified) };
    }
    ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  signal?.throwIfAborted();
}

/** The objects whose keys begin with a text, page by page; what others put there under names that are no keys is left out. */
export async function* listObjects(
  place: S3Place,
  prefix: string,
  signal: AbortSignal | undefined,
): Infos {
  checkObjectPrefix(prefix);
  yield* checkedOrder(pages(place, prefix, signal), place.url);
}
