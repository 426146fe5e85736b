import { durationMs, HoldfastError } from '@holdfast/core';
import { isBackupId } from '../model/backup-id.ts';
import { VERIFICATION_LEVELS } from '../model/verification.ts';
import { Calendar } from './calendar.ts';
import { PERIODS, type RetentionPolicy } from './policy.ts';

const COMMON = ['mode', 'timeZone', 'proof', 'pins', 'unprovenFor'];
const WITHIN = ['within', 'withinHourly', 'withinDaily', 'withinWeekly', 'withinMonthly'];
const SPANS = [...WITHIN, 'withinYearly'];
const COUNTS = { gfs: [...PERIODS], restic: ['last', ...PERIODS] };
const SPAN_FIELDS = ['years', 'months', 'days', 'hours'];
const WEEK = 7 * 86_400_000;

function invalid(message: string): never {
  throw new HoldfastError('RETENTION_INVALID', `The retention policy is refused: ${message}.`, {
    hint: 'Nothing was removed. See docs/guide/retention.md for what a policy says.',
    retryable: false,
  });
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @returns whether the rule keeps anything */
function checkCount(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (value === 'all') return true;
  if (isCount(value)) return value > 0;
  return invalid(`${name} must be a whole number, 0 or more, or 'all'`);
}

/** @returns whether the rule keeps anything */
function checkSpan(name: string, value: unknown): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'object' || value === null) {
    return invalid(`${name} must name years, months, days or hours`);
  }
  const fields = Object.entries(value as Record<string, unknown>);
  for (const [field, amount] of fields) {
    if (!SPAN_FIELDS.includes(field)) invalid(`${name}.${field} is not known`);
    if (amount !== undefined && !(isCount(amount) && amount <= 1_000_000)) {
      invalid(`${name}.${field} must be a whole number from 0 to 1,000,000`);
    }
  }
  return fields.some(([, amount]) => isCount(amount) && amount > 0);
}

function checkPins(pins: unknown): void {
  if (pins === undefined) return;
  if (typeof pins !== 'object' || pins === null) invalid('pins must give reasons by backup id');
  for (const [id, reason] of Object.entries(pins as Record<string, unknown>)) {
    if (!isBackupId(id)) invalid(`${JSON.stringify(id)} in pins is no backup id`);
    if (typeof reason !== 'string' || reason.trim() === '')
      invalid(`the pin of ${id} has no reason`);
  }
}

/** What of a policy is used, with the defaults in their places. */
export interface CheckedPolicy {
  readonly calendar: Calendar;
  /** Milliseconds. */
  readonly unprovenFor: number;
  readonly pins: ReadonlyMap<string, string>;
}

function checkNames(policy: object, mode: 'gfs' | 'restic'): void {
  const known = [...COMMON, ...COUNTS[mode], ...(mode === 'restic' ? SPANS : [])];
  for (const name of Object.keys(policy)) {
    if (!known.includes(name)) invalid(`${name} is not known in mode ${mode}`);
  }
}

function calendarOf(timeZone: string): Calendar {
  try {
    return new Calendar(timeZone);
  } catch {
    return invalid(`there is no time zone ${JSON.stringify(timeZone)}`);
  }
}

/**
 * Checks a policy.
 *
 * @throws `RETENTION_EMPTY` it would keep nothing by a rule: no count above 0, no span
 * @throws `RETENTION_INVALID` it says what cannot be
 */
export function checkPolicy(policy: RetentionPolicy): CheckedPolicy {
  if (typeof policy !== 'object' || (policy as unknown) === null) invalid('it is no object');
  const { mode = 'gfs', timeZone = 'UTC', proof = 'restored', pins = {} } = policy;
  if (!Object.hasOwn(COUNTS, mode)) invalid(`there is no mode ${JSON.stringify(mode)}`);
  checkNames(policy, mode);
  if (!VERIFICATION_LEVELS.includes(proof)) invalid(`there is no proof ${JSON.stringify(proof)}`);
  checkPins(pins);
  const said = policy as { readonly [name: string]: unknown };
  const counts = COUNTS[mode].map((name) => checkCount(name, said[name]));
  const spans = mode === 'restic' ? SPANS.map((name) => checkSpan(name, said[name])) : [];
  if (![...counts, ...spans].includes(true)) {
    throw new HoldfastError('RETENTION_EMPTY', 'The retention policy keeps nothing.', {
      hint: 'Give at least one count above 0. To remove a set, remove its folder from the store.',
      retryable: false,
    });
  }
  const { unprovenFor } = policy;
  return {
    calendar: calendarOf(timeZone),
    unprovenFor: unprovenFor === undefined ? WEEK : durationMs(unprovenFor),
    pins: new Map(Object.entries(pins)),
  };
}
