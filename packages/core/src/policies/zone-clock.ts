import type { EpochMs } from '../model/state.ts';

const SECOND = 1000;
const DAY = 86_400_000;

/** What a clock on the wall shows, as the epoch milliseconds at which a clock in UTC would show it. */
export type WallTime = number;

/** The clock on the wall of a place, over its changes between standard and summer time. */
export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;

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

  /** What it shows at a time. */
  shows(at: EpochMs): WallTime {
    return at + this.#offset(at);
  }

  /** When it first shows this, or, where that is skipped, the moment at which it is put forward. */
  first(wall: WallTime): EpochMs {
    const [early, late] = this.#candidates(wall);
    if (early !== undefined) return early;
    return this.#change(late - this.#gap(wall), late);
  }

  /** When it first shows this; where that is skipped, as much later as it is put forward. */
  firstOrLater(wall: WallTime): EpochMs {
    const [early, late] = this.#candidates(wall);
    return early ?? late;
  }

  #offset(at: EpochMs): number {
    const second = Math.floor(at / SECOND) * SECOND;
    const shown = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(second)) {
      if (type in shown) shown[type as keyof typeof shown] = Number(value);
    }
    const { year, month, day, hour, minute } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, shown.second) - second;
  }

  /** How far it is put forward around a time that it skips. */
  #gap(wall: WallTime): number {
    return this.#offset(wall + DAY) - this.#offset(wall - DAY);
  }

  /** The first time at which it shows this, if any; and the time at which it would without a change before. */
  #candidates(wall: WallTime): readonly [EpochMs | undefined, EpochMs] {
    const before = this.#offset(wall - DAY);
    const after = this.#offset(wall + DAY);
    const shown = [...new Set([wall - before, wall - after])].filter(
      (at) => this.shows(at) === wall,
    );
    return [shown.length === 0 ? undefined : Math.min(...shown), wall - before];
  }

  /** The first time after one and up to another at which the offset is that of the latter. */
  #change(from: EpochMs, to: EpochMs): EpochMs {
    const offset = this.#offset(to);
    let [low, high] = [from, to];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offset(middle) === offset) high = middle;
      else low = middle;
    }
    return high;
  }
}
