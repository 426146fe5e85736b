import { ObjectStoreError } from '@holdfast/core';
import type { S3Place } from './place.ts';

/** An upload in parts that the service keeps until it is completed or aborted. */
export interface UploadId {
  /** The bucket and the object's name in it. */
  readonly target: { readonly Bucket: string; readonly Key: string };
  readonly id: string;
}

/** The uploads of this process that are under way: none of its stores sweeps them. Their ids are the service's, and unique. */
const underWay = new Set<string>();

export function isUnderWay(id: string): boolean {
  return underWay.has(id);
}

/** Whether the service knows an upload no more. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof ObjectStoreError)) return false;
  return error.problem === 'missing' || error.context['code'] === 'NoSuchUpload';
}

function asked({ target, id }: UploadId) {
  return { ...target, UploadId: id };
}

/** Aborts an upload once; a part that was just arriving may survive that. */
async function abortOnce(place: S3Place, upload: UploadId): Promise<void> {
  const what = `abort an upload of '${upload.target.Key}' in ${place.url}`;
  await place.link.call(what, undefined, (s3, options) =>
    s3.abortMultipartUpload(asked(upload), options),
  );
}

/** @throws when the service knows the upload no more */
async function lookForParts(place: S3Place, upload: UploadId): Promise<void> {
  const what = `look at an upload of '${upload.target.Key}' in ${place.url}`;
  await place.link.call(what, undefined, (s3, options) =>
    s3.listParts({ ...asked(upload), MaxParts: 1 }, options),
  );
}

/** How often an upload is aborted whose parts were still arriving. */
const MOST_TRIES = 3;

/** Aborts an upload until the service knows it no more. */
export async function abortUpload(place: S3Place, upload: UploadId): Promise<void> {
  try {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      await abortOnce(place, upload);
      await lookForParts(place, upload);
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** The uploads of one store: those under way, and those that could not be aborted yet. */
export class Uploads {
  readonly #place: S3Place;
  readonly #left = new Map<string, UploadId>();
  /** What goes on by itself. */
  readonly #work = new Set<Promise<unknown>>();

  constructor(place: S3Place) {
    this.#place = place;
  }

  /**
   * Begins an upload. One that nobody waits for any more when its id is known is aborted then.
   *
   * @param isNeeded whether somebody still does
   */
  async begin(creating: Promise<UploadId>, isNeeded: () => boolean): Promise<UploadId> {
    const begun = creating.then((upload) => {
      underWay.add(upload.id);
      return isNeeded() ? undefined : this.abandon(upload, Promise.resolve());
    });
    const work = begun.catch(() => undefined).finally(() => this.#work.delete(work));
    this.#work.add(work);
    return creating;
  }

  end(upload: UploadId): void {
    underWay.delete(upload.id);
    this.#left.delete(upload.id);
  }

  /**
   * Aborts an upload that came to nothing. When the service cannot be reached, it is tried again with the next write
   * and at the end.
   *
   * @param ready when nothing is sent for it any more
   */
  abandon(upload: UploadId, ready: Promise<unknown>): Promise<void> {
    this.#left.set(upload.id, upload);
    const work = ready
      .then(() => abortUpload(this.#place, upload))
      .then(
        () => this.end(upload),
        () => undefined,
      );
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
    return work;
  }

  /** Tries again to abort what is left. */
  async abortLeft(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
    const left = [...this.#left.values()];
    await Promise.all(left.map((upload) => this.abandon(upload, Promise.resolve())));
  }

  /** Whether something could not be aborted, and nobody is at it. */
  get hasLeft(): boolean {
    return this.#left.size > 0 && this.#work.size === 0;
  }
}
