import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catchUp } from '../../src/policies/catchup.ts';
import {
  nextTime,
  occurrencesBetween,
  occurrencesOf,
  type Times,
} from '../../src/policies/occurrences.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

function times(given: Times, from: string, count: number): string[] {
  const occurrences = occurrencesOf(given, 'The schedule');
  const found: string[] = [];
  let at = occurrences.next(Date.parse(from));
  while (at !== undefined && found.length < count) {
    found.push(new Date(at).toISOString());
    at = occurrences.next(at);
  }
  return found;
}

describe('times by a pattern', () => {
  it('go by the clock of their zone, through the change to summer time', () => {
    const nightly = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    // There is no half past two on the 29th: it comes as the clock is put forward, from two to three.
    expect(times(nightly, '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('come once where the clock shows a time twice', () => {
    expect(
      times({ cron: '30 2 * * *', timeZone: 'Europe/Berlin' }, '2026-10-23T12:00:00Z', 3),
    ).toEqual(['2026-10-24T00:30:00.000Z', '2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'])(
    'give each night of a year one run in %s',
    (timeZone) => {
      for (const cron of ['30 2 * * *', '15 1 * * *', '0 0 * * *']) {
        const found = times({ cron, timeZone }, '2026-01-01T00:00:00Z', 366);
        const days = found.map((at) =>
          new Intl.DateTimeFormat('en-CA', { timeZone }).format(new Date(at)),
        );
        expect(new Set(days).size).toBe(found.length);
      }
    },
  );

  it('are the same whoever asked before', () => {
    const given = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    const shared = occurrencesOf(given, 'The schedule');
    const asked = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 0, 9) });
    fc.assert(
      fc.property(asked, (after) => {
        const next = shared.next(after) as number;
        expect(next).toBe(occurrencesOf(given, 'The schedule').next(after));
        expect(shared.next(next - 1)).toBe(next);
        expect(shared.next(next)).toBeGreaterThan(next);
      }),
      { numRuns: 50 },
    );
  });

  it('are read in UTC where no zone is given', () => {
    expect(times({ cron: '0 2 * * 0' }, '2026-01-05T00:00:00Z', 1)).toEqual([
      '2026-01-11T02:00:00.000Z',
    ]);
  });

  it.each([
    { cron: '0 25 * * *' },
    { cron: '' },
    { cron: '0 2 * * *', timeZone: 'Mars/Olympus' },
    { every: 0 },
    { every: '10ms' },
    { every: '1h', anchor: new Date(NaN) },
    { at: [] },
    { at: new Date(NaN) },
    {},
    { cron: '0 2 * * *', every: '1h' },
  ] as Times[])('%j is refused', (given) => {
    expect(() => occurrencesOf(given, 'The schedule')).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
    );
  });
});

describe('times at even distances', () => {
  it('follow from their anchor in both directions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 40 * DAY }),
        fc.integer({ min: -DAY, max: DAY }),
        fc.integer({ min: -DAY, max: DAY }),
        (every, anchor, after) => {
          const given = { every, anchor: new Date(anchor) };
          const next = occurrencesOf(given, 'The schedule').next(after) as number;
          expect(next).toBeGreaterThan(after);
          expect(next - after).toBeLessThanOrEqual(every);
          expect(Math.abs((next - anchor) % every)).toBe(0);
        },
      ),
    );
  });

  it('are on the hour by themselves', () => {
    expect(times({ every: '1h' }, '2026-01-05T02:00:00Z', 2)).toEqual([
      '2026-01-05T03:00:00.000Z',
      '2026-01-05T04:00:00.000Z',
    ]);
  });
});

describe('given times', () => {
  it('come in their order, each once', () => {
    const at = [new Date('2026-01-07T00:00:00Z'), new Date('2026-01-06T00:00:00Z')];
    expect(times({ at }, '2026-01-05T00:00:00Z', 5)).toEqual([
      '2026-01-06T00:00:00.000Z',
      '2026-01-07T00:00:00.000Z',
    ]);
  });
});

describe('occurrences between two times', () => {
  it('leave the first out and take the last in; of too many the last are given', () => {
    const hourly = occurrencesOf({ every: '1h' }, 'The schedule');
    const hour = 60 * MINUTE;
    expect(occurrencesBetween(hourly, 0, 3 * hour, 10)).toEqual({
      times: [hour, 2 * hour, 3 * hour],
      left: 0,
    });
    expect(occurrencesBetween(hourly, 0, 5 * hour, 2)).toEqual({
      times: [4 * hour, 5 * hour],
      left: 3,
    });
    expect(occurrencesBetween(hourly, 5 * hour, 0, 2)).toEqual({ times: [], left: 0 });
  });
});

describe('what is done about late occurrences', () => {
  const now = DAY;
  const hours = (...list: number[]): number[] => list.map((each) => now - each * 60 * MINUTE);

  it.each([
    ['none', [3, 2, 1], [], [3, 2, 1]],
    ['latest', [3, 2, 1], [1], [3, 2]],
    ['all', [3, 2, 1], [3, 2, 1], []],
    ['none', [3, 2, 0], [0], [3, 2]],
    ['latest', [3, 2, 0], [0], [3, 2]],
    ['all', [3, 2, 0], [3, 2, 0], []],
  ] as const)('catchup %s of %j starts %j', (catchup, due, start, missed) => {
    expect(catchUp(hours(...due), now, catchup, Infinity)).toEqual({
      start: hours(...start),
      missed: hours(...missed),
    });
  });

  it('is bounded by maxLateness, in all of them', () => {
    expect(catchUp(hours(3, 2, 1), now, 'all', 2 * 60 * MINUTE).start).toEqual(hours(2, 1));
    expect(catchUp(hours(3), now, 'latest', 2 * 60 * MINUTE).start).toEqual([]);
    expect(catchUp([now - 10_000], now, 'none', 5000).missed).toEqual([now - 10_000]);
  });

  it('loses none and starts none twice', () => {
    const age = fc.integer({ min: 0, max: DAY });
    fc.assert(
      fc.property(
        fc.uniqueArray(age, { maxLength: 20 }),
        fc.constantFrom('none' as const, 'latest' as const, 'all' as const),
        age,
        (ages, catchup, maxLateness) => {
          const due = ages.map((each) => now - each).toSorted((a, b) => a - b);
          const { start, missed } = catchUp(due, now, catchup, maxLateness);
          expect([...start, ...missed].toSorted((a, b) => a - b)).toEqual(due);
          expect(start.every((at) => now - at <= maxLateness)).toBe(true);
        },
      ),
    );
  });
});

describe('nextTime', () => {
  it('is the first of the times that is later, as a schedule has it', () => {
    const after = new Date('2026-07-01T23:00:00Z');
    const nightly = { cron: '0 1 * * *', timeZone: 'Europe/Berlin' };
    expect(nextTime(nightly, after)?.toISOString()).toBe('2026-07-02T23:00:00.000Z');
    expect(nextTime({ at: after }, after)).toBeUndefined();
    expect(() => nextTime({ cron: 'x' }, after)).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
    );
  });
});
