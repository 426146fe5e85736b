import type { EpochMs } from '../model/state.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function inTwo(ms: number, large: number, small: number, units: readonly [string, string]): string {
  const count = Math.floor(ms / large);
  const rest = Math.floor((ms - count * large) / small);
  return rest === 0 ? `${count}${units[0]}` : `${count}${units[0]} ${rest}${units[1]}`;
}

/** A span of time for people, in its two largest units: `250ms`, `12.5s`, `4m 10s`, `1h 30m`, `2d 3h`. */
export function spanText(span: number): string {
  const ms = Math.max(0, span);
  if (ms < SECOND) return `${Math.round(ms)}ms`;
  if (ms < MINUTE) return `${Math.floor(ms / 100) / 10}s`;
  if (ms < HOUR) return inTwo(ms, MINUTE, SECOND, ['m', 's']);
  if (ms < DAY) return inTwo(ms, HOUR, MINUTE, ['h', 'm']);
  return inTwo(ms, DAY, HOUR, ['d', 'h']);
}

/** The last time that a `Date` can hold, in epoch milliseconds. */
const LAST_TIME = 8.64e15;

/** A time for people, to the second: `2026-01-05 02:10:00 UTC`. */
export function timeText(at: EpochMs): string {
  if (!(Math.abs(at) <= LAST_TIME)) return 'a time that no calendar holds';
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

/** A count for people: `1,000`. */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
