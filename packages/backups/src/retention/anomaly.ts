import { middle } from '../model/middle.ts';
import type { RetainedBackup } from './retained-backup.ts';

/** Something about a set that is not as it should be: nothing of the set is removed as long as it is so. */
export interface RetentionFinding {
  /** `RETENTION_NOTHING_PROVEN` or `RETENTION_SHRUNKEN`. */
  readonly code: string;
  readonly set: string;
  readonly message: string;
}

/** How many of the backups before the newest are its history. */
const HISTORY = 10;
/** How many of the newest proven backups are looked at: the newest may be one of them. */
export const RECENT = HISTORY + 1;
/** A history shorter than this says nothing. */
const SHORTEST = 3;
/** Below this part of its history's middle size a backup is far too small. */
const TOO_SMALL = 1 / 3;

/**
 * Looks for what must stop a set's pruning.
 *
 * @param newest its newest backup that is not dated ahead, proven or not
 * @param proven the {@link RECENT} newest that are proven and not dated ahead, newest first
 */
export function anomalies(
  set: string,
  newest: RetainedBackup | undefined,
  proven: readonly RetainedBackup[],
): RetentionFinding[] {
  const findings: RetentionFinding[] = [];
  if (proven.length === 0) {
    const message = `No backup of ${set} is proven: nothing of it is removed.`;
    findings.push({ code: 'RETENTION_NOTHING_PROVEN', set, message });
  }
  if (newest === undefined) return findings;
  const history = proven.filter((backup) => backup !== newest).slice(0, HISTORY);
  const usual = middle(history.map(({ bytes }) => bytes));
  if (history.length >= SHORTEST && newest.bytes < usual * TOO_SMALL) {
    const sizes = `${newest.bytes} bytes, those before about ${usual}`;
    const message = `The newest backup of ${set} has ${sizes}: nothing of the set is removed.`;
    findings.push({ code: 'RETENTION_SHRUNKEN', set, message });
  }
  return findings;
}
