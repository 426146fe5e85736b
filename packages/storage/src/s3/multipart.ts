import type { CompletedPart } from '@aws-sdk/client-s3';
import { ObjectStoreError } from '@holdfast/core';
import type { ObjectInfo } from '@holdfast/core';
import type { Part } from '../remote/gather-parts.ts';
import { PartsUnderWay } from '../remote/parts-under-way.ts';
import type { Write } from '../remote/remote-write.ts';
import { atOnce } from '../waiting/at-once.ts';
import type { LinkedAbort } from '../waiting/linked-abort.ts';
import type { S3Place } from './place.ts';
import type { UploadId, Uploads } from './uploads.ts';
import { bodyParams, objectParams, publish, publishParams } from './write.ts';

/** What the service answers to a part. */
interface PartAnswer {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
}

/** How long a write that has failed waits for its upload to be aborted; then that goes on by itself. */
const CLEANUP_MS = 10_000;

async function noLongerThan(ms: number, work: Promise<void>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, over]);
  clearTimeout(timer);
}

/** A write in parts. */
export class Multipart {
  readonly #place: S3Place;
  readonly #uploads: Uploads;
  readonly #write: Write;
  readonly #link: LinkedAbort;
  readonly #upload: UploadId;
  readonly #parts: CompletedPart[] = [];
  readonly #underWay: PartsUnderWay;
  #abandoning: Promise<void> | undefined;

  private constructor(
    place: S3Place,
    uploads: Uploads,
    write: Write,
    link: LinkedAbort,
    upload: UploadId,
  ) {
    this.#place = place;
    this.#uploads = uploads;
    this.#write = write;
    this.#link = link;
    this.#upload = upload;
    this.#underWay = new PartsUnderWay(link, place.settings);
  }

  /** Begins an upload. One whose write is given up before its id is known is aborted when it is. */
  static async begin(
    place: S3Place,
    uploads: Uploads,
    write: Write,
    link: LinkedAbort,
  ): Promise<Multipart> {
    const { key } = write;
    const isChecked = place.settings.checksums === 'supported';
    const input = {
      ...place.target(key),
      ...objectParams(place, write),
      ...(isChecked && { ChecksumAlgorithm: 'CRC32' as const }),
    };
    const what = `begin an upload of '${key}' in ${place.url}`;
    const creating = place.link
      .call(what, undefined, (s3, options) => s3.createMultipartUpload(input, options))
      .then(({ UploadId: id = '' }) => ({ target: place.target(key), id }));
    const begun = uploads.begin(creating, () => !link.signal.aborted);
    return new Multipart(place, uploads, write, link, await atOnce(link.signal, begun));
  }

  /** Sends a part, as soon as there is room for it. */
  async send({ number, bytes }: Part): Promise<void> {
    const input = { ...this.#target(number), ...bodyParams(this.#place, this.#write, bytes) };
    await this.#start(number, bytes.byteLength, (what) =>
      this.#place.link.call(what, this.#link.signal, (s3, options) =>
        s3.uploadPart(input, options),
      ),
    );
  }

  /** Lets the service copy a part. @param source as CopyObject takes it */
  async copy(number: number, range: string, source: { CopySource: string }): Promise<void> {
    const input = { ...this.#target(number), ...source, CopySourceRange: range };
    await this.#start(number, 0, async (what) => {
      const output = await this.#place.link.call(what, this.#link.signal, (s3, options) =>
        s3.uploadPartCopy(input, options),
      );
      return output.CopyPartResult ?? {};
    });
  }

  /** Waits for all parts that were begun. */
  settle(): Promise<void> {
    return this.#underWay.settle();
  }

  /** Publishes what was sent. @param bytes how many those are */
  async publish(bytes: number): Promise<ObjectInfo> {
    await this.settle();
    const { signal } = this.#link;
    const { key } = this.#write;
    const Parts = this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const input = {
      ...this.#place.target(key),
      ...publishParams(this.#place, this.#write),
      UploadId: this.#upload.id,
      MultipartUpload: { Parts },
    };
    const request = (): Promise<unknown> =>
      this.#place.link.call(`complete '${key}' in ${this.#place.url}`, signal, (s3, options) =>
        s3.completeMultipartUpload(input, options),
      );
    const giveUp = (): Promise<void> => this.#abandon();
    const info = await publish(this.#place, this.#write, bytes, signal, request, giveUp);
    this.#uploads.end(this.#upload);
    return info;
  }

  /**
   * Aborts the upload, after a failure that has aborted the link.
   *
   * @param isHurried does not wait for it: it goes on by itself
   */
  async abandon(isHurried: boolean): Promise<void> {
    const work = this.#abandon();
    if (!isHurried) await noLongerThan(CLEANUP_MS, work);
  }

  #abandon(): Promise<void> {
    this.#abandoning ??= this.#uploads.abandon(this.#upload, this.#underWay.ended());
    return this.#abandoning;
  }

  #target(number: number) {
    return { ...this.#upload.target, UploadId: this.#upload.id, PartNumber: number };
  }

  async #start(
    number: number,
    bytes: number,
    request: (what: string) => Promise<PartAnswer>,
  ): Promise<void> {
    const what = `write part ${number} of '${this.#write.key}' in ${this.#place.url}`;
    await this.#underWay.start(bytes, async () => this.#keep(number, await request(what), what));
  }

  #keep(number: number, { ETag, ChecksumCRC32 }: PartAnswer, what: string): void {
    if (ETag === undefined) {
      throw new ObjectStoreError('invalid', `The service gave no ETag when told to ${what}.`, {
        hint: 'Something between here and the service takes the header away.',
      });
    }
    const checksum = ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 };
    this.#parts.push({ PartNumber: number, ETag, ...checksum });
  }
}
