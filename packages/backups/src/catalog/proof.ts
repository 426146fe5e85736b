import type { SampleTaken } from '../model/sample.ts';
import {
  VERIFICATION_LEVELS,
  type Verification,
  type VerificationLevel,
} from '../model/verification.ts';
import { isAhead } from './ahead.ts';

/** What is proven of a backup in one store. */
export interface Proof {
  /** The highest level that holds; null when objects are missing, or when the latest verification failed below every level. */
  readonly level: VerificationLevel | null;
  /** When that level was last proven, ISO 8601; absent where no verification did. */
  readonly provenAt?: string;
  /** Set when the latest verification failed: what was proven before no longer counts. */
  readonly failedAt?: string;
  /** Set where that verification restored or compared a sample: what was not in it is not proven restorable. */
  readonly sample?: SampleTaken;
  /** How long the latest proven restore of all of it took, in milliseconds (RTO). */
  readonly restoreMs?: number;
  /** Of an encrypted backup: who is proven to be able to decrypt it. */
  readonly decryption?: Decryption;
}

/** Whether an encrypted backup is proven decryptable. */
export interface Decryption {
  /** Proven once a verification has decrypted all of it with an identity of one of its recipients, and none failed since. */
  readonly verdict: 'proven decryptable' | 'not proven decryptable';
  /** Recipients whose identity did. */
  readonly provenFor: readonly string[];
  /** Recipients whose identity was never used: they may have lost it. */
  readonly unprovenFor: readonly string[];
}

/** The part of a verification that a proof is made of. */
export type ProvingRecord = Pick<
  Verification,
  'outcome' | 'reached' | 'endedAt' | 'durationMs' | 'identities' | 'sample'
>;

function decryptionBy(
  records: readonly ProvingRecord[],
  recipients: readonly string[],
): { readonly decryption?: Decryption } {
  if (recipients.length === 0) return {};
  const used = new Set(records.flatMap(({ identities = [] }) => identities));
  const provenFor = recipients.filter((one) => used.has(one));
  const unprovenFor = recipients.filter((one) => !used.has(one));
  const verdict = provenFor.length > 0 ? 'proven decryptable' : 'not proven decryptable';
  return { decryption: { verdict, provenFor, unprovenFor } };
}

function byEnd(a: ProvingRecord, b: ProvingRecord): number {
  return a.endedAt < b.endedAt ? -1 : 1;
}

/** Of records that reached a level, the one that reached most, the latest of them. */
function best(records: readonly ProvingRecord[]): ProvingRecord | undefined {
  const rank = (record: ProvingRecord): number =>
    record.reached === null ? -1 : VERIFICATION_LEVELS.indexOf(record.reached);
  return records.reduce<ProvingRecord | undefined>(
    (most, record) => (most === undefined || rank(record) >= rank(most) ? record : most),
    undefined,
  );
}

/**
 * Judges a backup by its records. A failure voids what was proven before it: bytes rot. A proof dated in the
 * future may be older than it says, and outlives no failure.
 *
 * @param isStored whether all its objects are there, in their sizes
 * @param now epoch milliseconds
 * @param recipients whom it is encrypted for
 */
export function proofOf(
  verifications: readonly ProvingRecord[],
  isStored: boolean,
  now: number,
  recipients: readonly string[] = [],
): Proof {
  if (!isStored) return { level: null, ...decryptionBy([], recipients) };
  const records = verifications.toSorted(byEnd);
  const failure = records.findLast((record) => record.outcome === 'failed');
  const later =
    failure === undefined
      ? records
      : records.slice(records.indexOf(failure) + 1).filter(({ endedAt }) => !isAhead(endedAt, now));
  const decryption = decryptionBy(later, recipients);
  const proven = best(later);
  const restored = later.findLast(
    (record) => record.reached === 'restored' && record.sample === undefined,
  );
  if (proven === undefined) {
    return failure === undefined
      ? { level: 'stored', ...decryption }
      : { level: failure.reached, failedAt: failure.endedAt, ...decryption };
  }
  return {
    level: proven.reached,
    provenAt: proven.endedAt,
    ...(proven.sample === undefined ? {} : { sample: proven.sample }),
    ...(restored === undefined ? {} : { restoreMs: restored.durationMs }),
    ...decryption,
  };
}
