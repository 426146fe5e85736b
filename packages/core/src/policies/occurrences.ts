import { Cron } from 'croner';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import type { EpochMs } from '../model/state.ts';

/** Times by a cron pattern. */
export interface CronTimes {
  /**
   * Five fields (minute, hour, day of month, month, day of week) or six with seconds first, as croner reads them
   * (`L`, `W`, `#` and names of months and days included).
   */
  readonly cron: string;
  /** IANA zone whose clock the pattern is read on: 'Europe/Berlin'. Default 'UTC'. */
  readonly timeZone?: string;
}

/** Times at even distances. */
export interface IntervalTimes {
  /** The distance, at least one second. A day is 24 hours here: by the clock on the wall, use `cron`. */
  readonly every: Duration;
  /** One of the times, from which the others follow in both directions. Default: 1970-01-01T00:00:00Z, so that '1h' is on the hour. */
  readonly anchor?: Date;
}

/** Given times, each once. */
export interface GivenTimes {
  /** One time, or several in any order. */
  readonly at: Date | readonly Date[];
}

/** When something is to happen. */
export type Times = CronTimes | IntervalTimes | GivenTimes;

/** The times at which something is to happen: an immutable value. */
export interface Occurrences {
  /** The first one later than a time; undefined when there is none. */
  next(after: EpochMs): EpochMs | undefined;
  /** What it says, in a few words, for people: also what tells two apart. */
  readonly text: string;
}

const LEAST_INTERVAL = 1000;

function wrong(what: string, problem: string, hint: string, cause?: unknown): HoldfastError {
  return new HoldfastError('SCHEDULE_INVALID', `${what}: ${problem}.`, {
    hint,
    retryable: false,
    cause,
  });
}

/**
 * By a cron pattern. Where the clocks go forward, a time that the day does not have comes at that moment; where they go
 * back, a time that the day has twice comes once, the first time (croner's rules).
 */
function cronOccurrences({ cron, timeZone = 'UTC' }: CronTimes, what: string): Occurrences {
  let job: Cron;
  try {
    job = new Cron(cron, { timezone: timeZone, paused: true });
    job.nextRun(new Date(0));
  } catch (cause) {
    throw wrong(
      what,
      `'${cron}' in the time zone '${timeZone}' gives no times`,
      "Write five fields and an IANA zone: { cron: '0 2 * * *', timeZone: 'Europe/Berlin' }.",
      cause,
    );
  }
  // Whoever waits for the next one asks for it again and again, and each time it is worked out from the calendar.
  let last: { readonly asked: EpochMs; readonly next: EpochMs | undefined } | undefined;
  return {
    next: (after) => {
      if (last === undefined || after < last.asked || after >= (last.next ?? Infinity)) {
        last = { asked: after, next: job.nextRun(new Date(after))?.getTime() };
      }
      return last.next;
    },
    text: `${cron} ${timeZone}`,
  };
}

function intervalOccurrences({ every, anchor }: IntervalTimes, what: string): Occurrences {
  const ms = durationMs(every, `${what}: every`);
  const from = anchor?.getTime() ?? 0;
  if (!(ms >= LEAST_INTERVAL) || !Number.isFinite(from)) {
    throw wrong(
      what,
      'an interval is at least one second, and its anchor a valid date',
      "Give { every: '1h' }.",
    );
  }
  return {
    next: (after) => from + (Math.floor((after - from) / ms) + 1) * ms,
    text: `every ${ms} ms from ${new Date(from).toISOString()}`,
  };
}

function givenOccurrences({ at }: GivenTimes, what: string): Occurrences {
  const times = [at]
    .flat()
    .map((date) => date.getTime())
    .toSorted((a, b) => a - b);
  if (times.length === 0 || times.some((time) => !Number.isFinite(time))) {
    throw wrong(what, 'its times are no valid dates', 'Give { at: new Date(…) }.');
  }
  return {
    next: (after) => times.find((time) => time > after),
    text: `at ${times.map((time) => new Date(time).toISOString()).join(', ')}`,
  };
}

/**
 * Checks times.
 *
 * @param what names the schedule in errors
 * @throws `SCHEDULE_INVALID`, `DURATION_INVALID`
 */
export function occurrencesOf(times: Times, what: string): Occurrences {
  const kinds = ['cron', 'every', 'at'].filter((kind) => kind in times);
  if (kinds.length !== 1) {
    throw wrong(
      what,
      `it has ${kinds.length === 0 ? 'no times' : kinds.join(' and ')}`,
      'Give one of cron, every, and at.',
    );
  }
  if ('cron' in times) return cronOccurrences(times, what);
  if ('every' in times) return intervalOccurrences(times, what);
  return givenOccurrences(times, what);
}

/**
 * The first of some times that is later than a moment, as a schedule with these times has it; undefined when there is none.
 *
 * @throws `SCHEDULE_INVALID`, `DURATION_INVALID`
 */
export function nextTime(times: Times, after: Date): Date | undefined {
  const next = occurrencesOf(times, 'nextTime()').next(after.getTime());
  return next === undefined ? undefined : new Date(next);
}

/**
 * The occurrences after one time and up to another, oldest first; the last ones where there are more than `most`.
 *
 * @param most how many are given at most; so many are kept, however many there are
 */
export function occurrencesBetween(
  occurrences: Occurrences,
  after: EpochMs,
  until: EpochMs,
  most: number,
): { readonly times: readonly EpochMs[]; readonly left: number } {
  const times: EpochMs[] = [];
  let left = 0;
  let at = occurrences.next(after);
  while (at !== undefined && at <= until) {
    times.push(at);
    if (times.length > most) {
      times.shift();
      left++;
    }
    at = occurrences.next(at);
  }
  return { times, left };
}
