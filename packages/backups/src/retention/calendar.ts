import type { CalendarSpan, Period } from './policy.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/**
 * The periods of the calendar in a time zone. An hour that a clock put back shows twice is one period. Asks for the
 * zone's offset once a week, and once a day where it changes; within, it is the same where both ends have the same.
 */
export class Calendar {
  readonly #format: Intl.DateTimeFormat;
  /** Offsets by time. */
  readonly #known = new Map<number, number>();
  /** The stretch that was asked for last: times come in order. */
  #last = { begin: 0, end: 0, offset: 0 };

  /** @throws RangeError when there is no such zone */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** What a clock on the wall shows, as the epoch milliseconds at which one in UTC shows it. */
  wall(at: number): number {
    const { begin, end, offset } = this.#last;
    if (at >= begin && at < end) return at + offset;
    return at + (this.#within(at, WEEK) ?? this.#within(at, DAY) ?? this.#offset(at));
  }

  /** A number for the period that a wall time lies in: the same for all times of the period, and for no other. */
  static period(period: Period, wall: number): number {
    if (period === 'hourly') return Math.floor(wall / HOUR);
    const day = Math.floor(wall / DAY);
    if (period === 'daily') return day;
    // 1 January 1970 was a Thursday.
    if (period === 'weekly') return Math.floor((day + 3) / 7);
    const date = new Date(wall);
    const year = date.getUTCFullYear();
    return period === 'yearly' ? year : year * 12 + date.getUTCMonth();
  }

  /** A wall time a span earlier. A day that a month does not have is as many days after its end. */
  static before(
    wall: number,
    { years = 0, months = 0, days = 0, hours = 0 }: CalendarSpan,
  ): number {
    const date = new Date(wall);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
    const time = wall - Math.floor(wall / DAY) * DAY;
    const moved = Date.UTC(year - years, month - months, day - days) + time - hours * HOUR;
    // Before every date there is, or before the years that Date.UTC takes as they are.
    return Number.isNaN(moved) || year - years < 100 ? -Infinity : moved;
  }

  /** The offset, where it is the same at both ends of the stretch that a time lies in. */
  #within(at: number, length: number): number | undefined {
    const begin = Math.floor(at / length) * length;
    const end = begin + length;
    const offset = this.#atEnd(begin);
    if (offset !== this.#atEnd(end)) return undefined;
    this.#last = { begin, end, offset };
    return offset;
  }

  #atEnd(at: number): number {
    const known = this.#known.get(at);
    if (known !== undefined) return known;
    const offset = this.#offset(at);
    this.#known.set(at, offset);
    return offset;
  }

  #offset(at: number): number {
    const second = Math.floor(at / 1000) * 1000;
    const shown = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(second)) {
      if (type in shown) shown[type as keyof typeof shown] = Number(value);
    }
    const { year, month, day, hour, minute } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, shown.second) - second;
  }
}
