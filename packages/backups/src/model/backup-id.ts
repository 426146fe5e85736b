import { randomBytes } from 'node:crypto';

const BACKUP_ID = /^\d{8}T\d{6}Z-[0-9a-f]{16}$/;

/** `20261123T181142Z`: the second in UTC, in ISO 8601's basic form. */
function compactSecond(now: number): string {
  return new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').concat('Z');
}

/**
 * Makes the id of a backup: its second in UTC, then 64 random bits, as in
 * `20261123T181142Z-7f3a90c2d4e5b617`. Ids sort by time. Every attempt takes a new one, so that no
 * attempt, however late, can touch the objects of another.
 *
 * @param now epoch milliseconds
 */
export function newBackupId(now: number): string {
  return `${compactSecond(now)}-${randomBytes(8).toString('hex')}`;
}

/**
 * An id that follows from what it is the id of: made again it is the same.
 *
 * @param time epoch milliseconds
 * @param sha256 hex SHA-256 of what it names
 */
export function derivedId(time: number, sha256: string): string {
  return `${compactSecond(time)}-${sha256.slice(0, 16)}`;
}

/** Whether a text has the form of a backup id. */
export function isBackupId(text: string): boolean {
  return BACKUP_ID.test(text);
}
