import { ObjectStoreError } from '@holdfast/core';
import { atOnce } from '../waiting/at-once.ts';
import type { S3Place } from './place.ts';
import { abortUpload } from './uploads.ts';

/** An empty object by which a service is tried out; no key of a store can be its name. */
const PROBE = '.holdfast-probe';

const ONLY_IF_ABSENT = { IfNoneMatch: '*' } as const;

function unproven(place: S3Place, problem: string): ObjectStoreError {
  return new ObjectStoreError('invalid', `${place.url} ${problem}.`, {
    hint: "Open the store with { ifAbsent: 'looks' }, where two writers who meet may both win; or with { ifAbsent: 'refused' }.",
  });
}

/** Makes a conditional request under a key that may be taken; whether the service has refused it as it should. */
async function isRefused(place: S3Place, request: () => Promise<unknown>): Promise<boolean> {
  try {
    await request();
    return false;
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    const { status } = error.context as { readonly status?: number };
    if (status === 412 || status === 409) return true;
    if (status === 501) throw unproven(place, 'does not know conditional writes (501)');
    throw error;
  }
}

function putProbe(place: S3Place): Promise<unknown> {
  const input = { ...place.internal(PROBE), Body: new Uint8Array(0), ...ONLY_IF_ABSENT };
  return place.link.call(`try out ${place.url}`, undefined, (s3, options) =>
    s3.putObject(input, options),
  );
}

/** Completes an upload under the probe's key, which is taken. */
async function completeProbe(place: S3Place): Promise<boolean> {
  const target = place.internal(PROBE);
  const what = `try out ${place.url}`;
  const { UploadId = '' } = await place.link.call(what, undefined, (s3, options) =>
    s3.createMultipartUpload(target, options),
  );
  try {
    const part = { ...target, UploadId, PartNumber: 1 };
    const { ETag } = await place.link.call(what, undefined, (s3, options) =>
      s3.uploadPart({ ...part, Body: Buffer.from('x') }, options),
    );
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const input = { ...target, UploadId, MultipartUpload, ...ONLY_IF_ABSENT };
    return await isRefused(place, () =>
      place.link.call(what, undefined, (s3, options) => s3.completeMultipartUpload(input, options)),
    );
  } finally {
    await abortUpload(place, { target, id: UploadId }).catch(() => undefined);
  }
}

async function prove(place: S3Place): Promise<void> {
  const isPutRefused =
    (await isRefused(place, () => putProbe(place))) ||
    (await isRefused(place, () => putProbe(place)));
  if (!isPutRefused) throw unproven(place, 'does not look at the condition of a write');
  if (!(await completeProbe(place))) {
    throw unproven(place, 'does not look at the condition of an upload in parts');
  }
}

/** Whether a service other than AWS honours conditional writes is found out once, before one is relied upon. */
export class ConditionProof {
  readonly #place: S3Place;
  #proof: Promise<void> | undefined;

  constructor(place: S3Place) {
    this.#place = place;
  }

  /**
   * @throws `OBJECT_STORE_INVALID` when it does not know them, or does not look at the condition: that would quietly
   * replace objects
   */
  async need(signal: AbortSignal): Promise<void> {
    const { options, ifAbsent } = this.#place.settings;
    if (ifAbsent !== 'conditional' || options.endpoint === undefined) return;
    this.#proof ??= prove(this.#place).catch((error: unknown) => {
      this.#proof = undefined;
      throw error;
    });
    await atOnce(signal, this.#proof);
  }
}
