import type { ListMultipartUploadsCommandOutput, ListPartsCommandOutput } from '@aws-sdk/client-s3';
import { durationMs, isObjectKey } from '@holdfast/core';
import type { SweepOptions, SweepReport } from '@holdfast/core';
import type { S3Place } from './place.ts';
import { abortUpload, isGone, isUnderWay } from './uploads.ts';
import type { UploadId } from './uploads.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** An upload that somebody has begun. */
interface FoundUpload extends UploadId {
  readonly key: string;
  readonly begunAt: number;
}

/** Where a page of uploads begins; undefined when there is none. */
type Markers = { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined;

function nextMarkers(page: ListMultipartUploadsCommandOutput): Markers {
  const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
  if (IsTruncated !== true || NextKeyMarker === undefined) return undefined;
  const UploadIdMarker = NextUploadIdMarker;
  return { KeyMarker: NextKeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
}

async function* found(
  place: S3Place,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<FoundUpload, void, undefined> {
  const what = `list the uploads in ${place.url}`;
  const all = { Bucket: place.bucket, Prefix: place.settings.prefix + prefix };
  for (let markers: Markers = {}; markers !== undefined;) {
    const input = { ...all, ...markers };
    const page: ListMultipartUploadsCommandOutput = await place.link.call(
      what,
      signal,
      (s3, options) => s3.listMultipartUploads(input, options),
    );
    for (const { Key = '', UploadId: id = '', Initiated } of page.Uploads ?? []) {
      const target = { Bucket: place.bucket, Key };
      yield { key: place.keyOf(Key), target, id, begunAt: Initiated?.getTime() ?? 0 };
    }
    markers = nextMarkers(page);
  }
}

/** When the last part of an upload came; 0 without any. */
async function lastPartAt(
  place: S3Place,
  { target, id }: UploadId,
  signal: AbortSignal | undefined,
): Promise<number> {
  const what = `look at an upload of '${target.Key}' in ${place.url}`;
  let last = 0;
  for (let marker: string | undefined = '0'; marker !== undefined;) {
    const input = { ...target, UploadId: id, PartNumberMarker: marker };
    const page: ListPartsCommandOutput = await place.link.call(what, signal, (s3, options) =>
      s3.listParts(input, options),
    );
    for (const { LastModified } of page.Parts ?? []) {
      last = Math.max(last, LastModified?.getTime() ?? 0);
    }
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  }
  return last;
}

/**
 * Aborts the uploads that nothing has happened to for some time: of an upload of hours, its parts still come. Those of
 * this process are left alone, and so are those of keys that are none of a store's. Their age is told by the service's
 * clock, not by this machine's.
 */
export async function sweepUploads(place: S3Place, options: SweepOptions): Promise<SweepReport> {
  const { olderThan = DAY_MS, prefix = '', signal } = options;
  const age = durationMs(olderThan, 'olderThan');
  let removed = 0;
  for await (const upload of found(place, prefix, signal)) {
    // The listing has told the service's time, which is that of its uploads.
    const before = (await place.link.now()) - age;
    if (isUnderWay(upload.id) || !isObjectKey(upload.key) || upload.begunAt > before) continue;
    try {
      if ((await lastPartAt(place, upload, signal)) > before) continue;
      await abortUpload(place, upload);
      removed++;
    } catch (error) {
      // It was completed or aborted meanwhile.
      if (!isGone(error)) throw error;
    }
  }
  return { removed };
}
