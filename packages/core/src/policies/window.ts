import { shownValue } from '../errors/shown-value.ts';
import { optionsInvalid } from '../errors/errors.ts';
import type { WindowSpan } from '../model/bounds.ts';
import type { EpochMs } from '../model/state.ts';
import { ZoneClock } from './zone-clock.ts';

/** A day of the week. */
export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/**
 * A span of the day, on the clock of a place. A run with a window starts and ends within one occurrence of it: the one
 * that is open when the run is made (when it was due, for a run of a schedule), or else the next one.
 */
export interface TimeWindow {
  /** When it opens, on a 24-hour clock: '01:00'. */
  readonly opens: string;
  /** When it closes: '05:00', or '24:00' for midnight. On the next day where that is no later than `opens`. */
  readonly closes: string;
  /** IANA zone whose clock is meant: 'Europe/Berlin'. Default 'UTC'. */
  readonly timeZone?: string;
  /** The days of the week on which it opens. Default: every day. Where one closes as the next one opens, they are one. */
  readonly days?: readonly Weekday[];
  /**
   * What becomes of a run that is made while it is closed: it waits until it opens (`'wait'`, the default), or fails at
   * once (`'fail'`) with `WINDOW_MISSED`.
   */
  readonly ifClosed?: 'wait' | 'fail';
}

/** A window with its options checked and its defaults filled in: an immutable value. */
export interface CheckedWindow {
  /** The first occurrence that closes later than a time. */
  spanAt(at: EpochMs): WindowSpan;
  readonly ifClosed: 'wait' | 'fail';
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const KNOWN = 'opens closes timeZone days ifClosed'.split(' ') as readonly string[];
const TIME = /^(?:(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)|24:00)$/;
const EXAMPLE = "Give { opens: '01:00', closes: '05:00', timeZone: 'Europe/Berlin' }.";

/** The time of the day, in milliseconds since midnight by the clock. */
function timeOfDay(what: string, option: string, value: unknown, midnight: boolean): number {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  const { hour = '24', minute = '0' } = match?.groups ?? {};
  if (match !== null && (hour !== '24' || midnight)) {
    return (Number(hour) * 60 + Number(minute)) * MINUTE;
  }
  throw optionsInvalid(
    what,
    `${option} must be a time of the day, not ${shownValue(value)}`,
    EXAMPLE,
  );
}

function clockOf(what: string, timeZone: string): ZoneClock {
  try {
    return new ZoneClock(timeZone);
  } catch {
    throw optionsInvalid(what, `there is no time zone '${timeZone}'`, EXAMPLE);
  }
}

function daysOf(what: string, days: readonly Weekday[] | undefined): ReadonlySet<Weekday> {
  if (days === undefined) return new Set(WEEKDAYS);
  if (Array.isArray(days) && days.length > 0 && days.every((day) => WEEKDAYS.includes(day))) {
    return new Set(days);
  }
  throw optionsInvalid(
    what,
    `days must be a list of ${WEEKDAYS.join(', ')}`,
    "Give days: ['sat', 'sun'], or leave it out for every day.",
  );
}

function checkShape(what: string, given: TimeWindow): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw optionsInvalid(what, 'it must be an object', EXAMPLE);
  }
  const unknown = Object.keys(given).find((option) => !KNOWN.includes(option));
  if (unknown !== undefined) {
    throw optionsInvalid(what, `there is no option '${unknown}'`, `Options: ${KNOWN.join(', ')}.`);
  }
  if (!['wait', 'fail', undefined].includes(given.ifClosed)) {
    throw optionsInvalid(what, "ifClosed must be 'wait' or 'fail'", 'Correct the option.');
  }
}

/** The occurrences of a window, those of days on end as one where nothing lies between them. */
class Occurrences {
  readonly #clock: ZoneClock;
  readonly #opens: number;
  readonly #length: number;
  readonly #days: ReadonlySet<Weekday>;

  constructor(clock: ZoneClock, opens: number, length: number, days: ReadonlySet<Weekday>) {
    this.#clock = clock;
    this.#opens = opens;
    this.#length = length;
    this.#days = days;
  }

  /** Whether it has no end. */
  get endless(): boolean {
    return this.#length === DAY && this.#days.size === WEEKDAYS.length;
  }

  /** The first one that closes later than a time. */
  spanAt(at: EpochMs): WindowSpan {
    const today = Math.floor(this.#clock.shows(at) / DAY) * DAY;
    // One of whole days may have opened most of a week ago.
    const back = this.#length === DAY ? 9 : 3;
    let found: WindowSpan | undefined;
    for (let day = today - back * DAY; ; day += DAY) {
      const next = this.#spanOf(day);
      if (next === undefined) continue;
      const closed = found !== undefined && next.opensAt > found.closesAt;
      if (found !== undefined && closed && found.closesAt > at) return found;
      found =
        found === undefined || closed
          ? next
          : { opensAt: found.opensAt, closesAt: Math.max(found.closesAt, next.closesAt) };
    }
  }

  /** The one that opens on a day of the clock; undefined where none does. */
  #spanOf(day: number): WindowSpan | undefined {
    const weekday = WEEKDAYS[new Date(day).getUTCDay()] as Weekday;
    if (!this.#days.has(weekday)) return undefined;
    const opensAt = this.#clock.first(day + this.#opens);
    return { opensAt, closesAt: this.#clock.firstOrLater(day + this.#opens + this.#length) };
  }
}

/**
 * Checks a window.
 *
 * Where clocks go forward, one that would open at a time which the day does not have opens as they do, and one that
 * would close then closes as much later as they went. Where they go back, a time that the day has twice is the first one.
 *
 * @param owner names the definition in errors
 * @throws `OPTIONS_INVALID`
 */
export function checkWindow(given: TimeWindow, owner: string): CheckedWindow {
  const what = `${owner}: window`;
  checkShape(what, given);
  const opens = timeOfDay(what, 'opens', given.opens, false);
  const closes = timeOfDay(what, 'closes', given.closes, true);
  const clock = clockOf(what, given.timeZone ?? 'UTC');
  const length = closes > opens ? closes - opens : closes - opens + DAY;
  const occurrences = new Occurrences(clock, opens, length, daysOf(what, given.days));
  if (occurrences.endless) {
    throw optionsInvalid(what, 'it never closes', 'Leave it out, or give days.');
  }
  // Nearly every run asks for the one that the run before it was given.
  let last: { readonly asked: EpochMs; readonly span: WindowSpan } | undefined;
  return {
    spanAt: (at) => {
      if (last === undefined || at < last.asked || at >= last.span.closesAt) {
        last = { asked: at, span: occurrences.spanAt(at) };
      }
      return last.span;
    },
    ifClosed: given.ifClosed ?? 'wait',
  };
}
