import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { occurrencesOf } from '../../src/policies/occurrences.ts';
import { checkWindow, type TimeWindow } from '../../src/policies/window.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = Date.UTC(2026, 0, 1);

function spanAt(given: TimeWindow, at: string): string[] {
  const { opensAt, closesAt } = checkWindow(given, 'It').spanAt(Date.parse(at));
  return [opensAt, closesAt].map((time) => new Date(time).toISOString().slice(0, 16));
}

const night = { opens: '01:00', closes: '05:00', timeZone: 'Europe/Berlin' } as const;

describe('the occurrence that a run is made for', () => {
  it.each([
    ['before it opens: the next one', '2026-01-05T12:00Z', '2026-01-06T00:00', '2026-01-06T04:00'],
    ['while it is open: that one', '2026-01-06T02:00Z', '2026-01-06T00:00', '2026-01-06T04:00'],
    ['as it opens: that one', '2026-01-06T00:00Z', '2026-01-06T00:00', '2026-01-06T04:00'],
    ['as it closes: the next one', '2026-01-06T04:00Z', '2026-01-07T00:00', '2026-01-07T04:00'],
  ])('%s', (_when, at, opens, closes) => {
    expect(spanAt(night, at)).toEqual([opens, closes]);
  });

  it('may cross midnight', () => {
    const late = { opens: '22:30', closes: '04:00' };
    expect(spanAt(late, '2026-01-06T03:00Z')).toEqual(['2026-01-05T22:30', '2026-01-06T04:00']);
    expect(spanAt(late, '2026-01-06T04:00Z')).toEqual(['2026-01-06T22:30', '2026-01-07T04:00']);
    const evening = { opens: '20:00', closes: '24:00' };
    expect(spanAt(evening, '2026-01-05T23:59Z')).toEqual(['2026-01-05T20:00', '2026-01-06T00:00']);
  });

  it('opens on its days only, which are those on which it opens', () => {
    const weekend = { opens: '22:00', closes: '06:00', days: ['fri', 'sat'] } as const;
    // The 9th of January 2026 is a Friday.
    expect(spanAt(weekend, '2026-01-05T00:00Z')).toEqual(['2026-01-09T22:00', '2026-01-10T06:00']);
    expect(spanAt(weekend, '2026-01-11T05:00Z')).toEqual(['2026-01-10T22:00', '2026-01-11T06:00']);
    expect(spanAt(weekend, '2026-01-11T06:00Z')).toEqual(['2026-01-16T22:00', '2026-01-17T06:00']);
  });

  it('is one over days on end', () => {
    const days = ['sat', 'sun', 'mon', 'tue', 'wed', 'thu'] as const;
    const whole = { opens: '00:00', closes: '24:00', days } as const;
    const week = ['2026-01-10T00:00', '2026-01-16T00:00'];
    expect(spanAt(whole, '2026-01-09T12:00Z')).toEqual(week);
    expect(spanAt(whole, '2026-01-15T23:59Z')).toEqual(week);
    expect(spanAt(whole, '2026-01-16T00:00Z')[0]).toBe('2026-01-17T00:00');
    const shifted = { opens: '06:00', closes: '06:00', days: ['sat', 'sun'] } as const;
    expect(spanAt(shifted, '2026-01-11T12:00Z')).toEqual(['2026-01-10T06:00', '2026-01-12T06:00']);
  });
});

describe('where clocks change', () => {
  // In Berlin from 02:00 to 03:00 on the 29th of March, and from 03:00 back to 02:00 on the 25th of October.
  it.each([
    ['01:00', '05:00', '2026-03-29T00:00', '2026-03-29T03:00'],
    ['02:30', '05:00', '2026-03-29T01:00', '2026-03-29T03:00'],
    ['01:00', '02:30', '2026-03-29T00:00', '2026-03-29T01:30'],
    ['02:15', '02:45', '2026-03-29T01:00', '2026-03-29T01:45'],
    ['23:00', '02:30', '2026-03-28T22:00', '2026-03-29T01:30'],
  ])('forward, %s to %s is open from %s to %s', (opens, closes, from, to) => {
    const window = { opens, closes, timeZone: 'Europe/Berlin' };
    expect(spanAt(window, '2026-03-28T23:30Z')).toEqual([from, to]);
  });

  it.each([
    ['01:00', '05:00', '2026-10-24T23:00', '2026-10-25T04:00'],
    ['02:30', '05:00', '2026-10-25T00:30', '2026-10-25T04:00'],
    ['01:00', '02:30', '2026-10-24T23:00', '2026-10-25T00:30'],
    ['02:15', '02:45', '2026-10-25T00:15', '2026-10-25T00:45'],
  ])('back, %s to %s is open from %s to %s', (opens, closes, from, to) => {
    const window = { opens, closes, timeZone: 'Europe/Berlin' };
    expect(spanAt(window, '2026-10-24T22:30Z')).toEqual([from, to]);
  });
});

/** All but the first and the last ones change their clocks, in ways of their own. */
const ZONES =
  'UTC Europe/Berlin America/New_York Australia/Lord_Howe America/Nuuk Asia/Beirut Africa/Casablanca Pacific/Auckland Asia/Kathmandu Pacific/Apia'.split(
    ' ',
  );
const minutes = fc.integer({ min: 0, max: 1439 });
const clock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const days = fc.option(
  fc.uniqueArray(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'), {
    minLength: 1,
    maxLength: 6,
  }),
  { nil: undefined },
);
const windows = fc
  .record({ opens: minutes, closes: minutes, timeZone: fc.constantFrom(...ZONES), days })
  .filter((window) => window.days !== undefined || window.opens !== window.closes)
  .map(({ opens, closes, timeZone, days: on }) => {
    const times = { opens: clock(opens), closes: clock(closes), timeZone };
    const given: TimeWindow = on === undefined ? times : { ...times, days: on };
    return given;
  });
const instants = fc.integer({ min: YEAR, max: YEAR + 2 * 365 * DAY });

function partsAt(at: number, timeZone: string): { time: string; weekday: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(
    format.formatToParts(at).map(({ type, value }) => [type, value]),
  );
  return {
    time: `${parts['hour']}:${parts['minute']}`,
    weekday: (parts['weekday'] as string).toLowerCase().slice(0, 3),
  };
}

/** Whether clocks are changed within two days of a time. */
function changesNear(at: number, timeZone: string): boolean {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  const offset = (time: number): string | undefined =>
    format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value;
  return new Set([-2, -1, 0, 1, 2].map((day) => offset(at + day * DAY))).size > 1;
}

describe('any window', () => {
  it('gives the first occurrence that has not closed, whoever asked before', () => {
    fc.assert(
      fc.property(windows, instants, instants, (given, one, other) => {
        const window = checkWindow(given, 'It');
        const first = window.spanAt(one);
        expect(first.opensAt).toBeLessThan(first.closesAt);
        expect(first.closesAt).toBeGreaterThan(one);
        expect(window.spanAt(first.closesAt - 1)).toEqual(first);
        expect(window.spanAt(first.closesAt).opensAt).toBeGreaterThan(first.closesAt);
        expect(window.spanAt(other)).toEqual(checkWindow(given, 'It').spanAt(other));
      }),
      { numRuns: 100 },
    );
  });

  it('opens and closes as the clock shows its times, on its days', () => {
    fc.assert(
      fc.property(windows, instants, (given, at) => {
        const { timeZone = 'UTC' } = given;
        const { opensAt, closesAt } = checkWindow(given, 'It').spanAt(at);
        fc.pre(!changesNear(opensAt, timeZone) && !changesNear(closesAt, timeZone));
        const opens = partsAt(opensAt, timeZone);
        expect(opens.time).toBe(given.opens);
        expect(partsAt(closesAt, timeZone).time).toBe(given.closes);
        if (given.days !== undefined) expect(given.days).toContain(opens.weekday);
        const nominal =
          (Date.parse(`2026-01-02T${given.closes}Z`) - Date.parse(`2026-01-01T${given.opens}Z`)) %
          DAY;
        expect((closesAt - opensAt) % DAY).toBe(nominal);
      }),
      { numRuns: 100 },
    );
  });

  it('holds what a cron pattern starts at a time well within it, each day of the year', () => {
    for (const timeZone of ZONES.slice(1, 6)) {
      const window = checkWindow({ opens: '00:45', closes: '04:15', timeZone }, 'It');
      for (const cron of ['45 0 * * *', '30 2 * * *']) {
        const times = occurrencesOf({ cron, timeZone }, 'It');
        let at = times.next(YEAR);
        for (let day = 0; day < 370 && at !== undefined; day++, at = times.next(at)) {
          const { opensAt } = window.spanAt(at);
          expect(opensAt, `${timeZone} ${cron} ${new Date(at).toISOString()}`).toBeLessThanOrEqual(
            at,
          );
        }
      }
    }
  }, 30_000);
});

describe('what is no window', () => {
  it.each([
    { opens: '1:00', closes: '05:00' },
    { opens: '24:00', closes: '05:00' },
    { opens: '01:00', closes: '05:60' },
    { opens: '01:00' },
    { opens: '01:00', closes: '05:00', timeZone: 'Mars/Olympus' },
    { opens: '01:00', closes: '05:00', days: [] },
    { opens: '01:00', closes: '05:00', days: ['monday'] },
    { opens: '01:00', closes: '05:00', days: 'mon' },
    { opens: '01:00', closes: '05:00', ifClosed: 'skip' },
    { opens: '01:00', closes: '05:00', until: '06:00' },
    { opens: '00:00', closes: '24:00' },
    { opens: '06:00', closes: '06:00' },
    { opens: '06:00', closes: '06:00', days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] },
    null,
    [],
    '01:00-05:00',
  ])('%j is refused', (given) => {
    expect(() => checkWindow(given as TimeWindow, "The flow 'f'")).toThrow(
      expect.objectContaining({
        code: 'OPTIONS_INVALID',
        message: expect.stringMatching(/^The flow 'f': window/),
      }),
    );
  });
});
