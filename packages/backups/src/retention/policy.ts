import type { Duration } from '@holdfast/core';
import type { VerificationLevel } from '../model/verification.ts';

/** How many a rule keeps: a whole number, 0 for none, or all there are. */
export type KeepCount = number | 'all';

/** The periods that rules count, finest first. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

/** A period of the calendar, in the policy's time zone. Weeks are those of ISO 8601: Monday to Sunday, over New Year too. */
export type Period = (typeof PERIODS)[number];

/** A stretch of the calendar: a month is a month, however long. At least one field is above 0. */
export interface CalendarSpan {
  readonly years?: number;
  readonly months?: number;
  readonly days?: number;
  readonly hours?: number;
}

/** What every policy may say. */
export interface CommonPolicy {
  /** An IANA time zone, in which hours, days, weeks, months and years begin. Default `UTC`. */
  readonly timeZone?: string;
  /** How much must be proven of a backup before it takes a slot. Default `restored`; for copies that are only read back: `checksum`. */
  readonly proof?: VerificationLevel;
  /** Backups that are kept whatever the rules say: why, by the backup's id. They are counted like all others. */
  readonly pins?: { readonly [backupId: string]: string };
  /**
   * How long after its dump a backup that is not proven, or failed its proof, is kept. One that is newer than
   * every proven backup of its set is kept in any case. Default 7 days.
   */
  readonly unprovenFor?: Duration;
}

/**
 * Grandfather, father, son, as borg has it; the default mode. Rules run fine to coarse, each on the newest backup of
 * every period, newest period first. What an earlier rule kept takes no slot of a later one, but its period is done.
 * Only the coarsest rule keeps the oldest backup while it has slots left.
 */
export interface GfsPolicy extends CommonPolicy {
  readonly mode?: 'gfs';
  readonly hourly?: KeepCount;
  readonly daily?: KeepCount;
  readonly weekly?: KeepCount;
  readonly monthly?: KeepCount;
  readonly yearly?: KeepCount;
}

/**
 * As restic has it. Every rule judges every backup, newest first, and what one of them keeps is kept. Periods without
 * a backup do not count. A rule that has slots left keeps the oldest backup, too. `within` and its like reach back from
 * the latest backup that is not dated ahead; the latter keep the newest of every period within.
 */
export interface ResticPolicy extends CommonPolicy {
  readonly mode: 'restic';
  readonly last?: KeepCount;
  readonly hourly?: KeepCount;
  readonly daily?: KeepCount;
  readonly weekly?: KeepCount;
  readonly monthly?: KeepCount;
  readonly yearly?: KeepCount;
  readonly within?: CalendarSpan;
  readonly withinHourly?: CalendarSpan;
  readonly withinDaily?: CalendarSpan;
  readonly withinWeekly?: CalendarSpan;
  readonly withinMonthly?: CalendarSpan;
  readonly withinYearly?: CalendarSpan;
}

/** Which backups are kept. */
export type RetentionPolicy = GfsPolicy | ResticPolicy;
