import { Calendar } from './calendar.ts';
import type { KeepCount, Period } from './policy.ts';

/**
 * The backups that take part in the counting, proven and not dated ahead, newest first: of each, what the clock in the
 * policy's zone showed when it was dumped.
 */
export type Candidates = Float64Array;

/** Why backups are kept: the reasons of each, by its place among the candidates. */
export class Reasons {
  readonly #reasons: (string[] | undefined)[];

  constructor(count: number) {
    this.#reasons = Array.from({ length: count });
  }

  add(at: number, reason: string): void {
    const list = this.#reasons[at];
    if (list === undefined) this.#reasons[at] = [reason];
    else list.push(reason);
  }

  has(at: number): boolean {
    return this.#reasons[at] !== undefined;
  }

  of(at: number): readonly string[] {
    return this.#reasons[at] ?? [];
  }
}

/** A count as a number. */
export function most(count: KeepCount | undefined): number {
  return count === 'all' ? Infinity : (count ?? 0);
}

const NOUNS: { readonly [period in Period]: string } = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/** 'daily 2 of 7: the newest of its day'. */
export function slot(period: Period, place: number, count: number): string {
  const of = count === Infinity ? '' : ` of ${count}`;
  return `${period} ${place}${of}: the newest of its ${NOUNS[period]}`;
}

/** Whether each candidate, newest first, lies in another period than the one before. */
export function beginsPeriod(candidates: Candidates, period: Period): (at: number) => boolean {
  let last: number | undefined;
  return (at) => {
    const found = Calendar.period(period, candidates[at] ?? 0);
    if (found === last) return false;
    last = found;
    return true;
  };
}
