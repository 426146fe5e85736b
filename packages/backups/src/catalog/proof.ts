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
  /** How long the latest proven restore took, in milliseconds (RTO). */
  readonly restoreMs?: number;
}

function byEnd(a: Verification, b: Verification): number {
  return a.endedAt < b.endedAt ? -1 : 1;
}

/** Of records that reached a level, the one that reached most, the latest of them. */
function best(records: readonly Verification[]): Verification | undefined {
  const rank = (record: Verification): number =>
    record.reached === null ? -1 : VERIFICATION_LEVELS.indexOf(record.reached);
  return records.reduce<Verification | undefined>(
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
 */
export function proofOf(
  verifications: readonly Verification[],
  isStored: boolean,
  now: number,
): Proof {
  if (!isStored) return { level: null };
  const records = verifications.toSorted(byEnd);
  const failure = records.findLast((record) => record.outcome === 'failed');
  const later =
    failure === undefined
      ? records
      : records.slice(records.indexOf(failure) + 1).filter(({ endedAt }) => !isAhead(endedAt, now));
  const proven = best(later);
  const restored = later.findLast((record) => record.reached === 'restored');
  if (proven === undefined) {
    return failure === undefined
      ? { level: 'stored' }
      : { level: failure.reached, failedAt: failure.endedAt };
  }
  return {
    level: proven.reached,
    provenAt: proven.endedAt,
    ...(restored === undefined ? {} : { restoreMs: restored.durationMs }),
  };
}
