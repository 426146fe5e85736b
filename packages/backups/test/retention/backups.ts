import { readFileSync } from 'node:fs';
import { planRetention, type RetainedBackup, type RetentionPolicy } from '@holdfast/backups';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** A proven backup, unless it is told otherwise. */
export function backup(
  time: string | number,
  number = 0,
  more: Partial<RetainedBackup> = {},
): RetainedBackup {
  const startedAt = new Date(time).toISOString();
  const second = startedAt.slice(0, 19).replaceAll(/[-:]/g, '');
  return {
    id: `${second}Z-${number.toString(16).padStart(16, '0')}`,
    set: 'orders',
    startedAt,
    bytes: 1000,
    level: 'restored',
    failed: false,
    ...more,
  };
}

/** Reads a peer's cases. Their file names where they come from, as `source`. */
export function vectors(peer: 'borg' | 'kopia' | 'restic'): unknown {
  const file = new URL(`vectors/retention-${peer}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** What a policy keeps, newest first. */
export function kept<B extends RetainedBackup>(
  backups: readonly B[],
  policy: RetentionPolicy,
  now: number,
): B[] {
  return planRetention(backups, policy, now)
    .decisions.filter(({ keep }) => keep)
    .map((decision) => decision.backup);
}
