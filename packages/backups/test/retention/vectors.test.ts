import { describe, expect, it } from 'vitest';
import type { CalendarSpan, GfsPolicy, ResticPolicy } from '@holdfast/backups';
import { backup, DAY, HOUR, kept, vectors } from './backups.ts';

/** Years after all cases, so that nothing is dated ahead. */
const LATER = Date.UTC(2031, 0, 1);
const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'];

type Single = readonly [rule: string, count: number, keep: readonly number[]];

interface Borg {
  readonly prune_single_rule: { readonly archives: string[]; readonly cases: Single[] };
  readonly keep_oldest: { readonly archives: string[]; readonly cases: Single[] };
  readonly docs_example: { readonly keep: { readonly [rule: string]: readonly string[] } };
}

function everyDayOf2015() {
  const days = Array.from({ length: 365 }, (_, day) => Date.UTC(2015, 0, 1, 12) + day * DAY);
  return days.filter((day) => day !== Date.UTC(2015, 11, 19, 12)).map((day) => backup(day));
}

describe('gfs, by the cases of borg', () => {
  const borg = vectors('borg') as Borg;
  const { prune_single_rule: single, keep_oldest: oldest, docs_example: documented } = borg;
  const cases = [single, oldest].flatMap(({ archives, cases: all }) =>
    all
      .filter(([rule, count]) => RULES.includes(rule) && count !== 0)
      .map((one) => ({ archives, one })),
  );

  it('there are all but those of minutes, seconds and no count', () => {
    expect(cases).toHaveLength(8);
  });

  it.each(cases)('$one', ({ archives, one: [rule, count, keep] }) => {
    const backups = archives.map((time, number) => backup(time, number));
    const policy = { [rule]: count === -1 ? 'all' : count } as GfsPolicy;
    const numbers = kept(backups, policy, LATER).map((one) => backups.indexOf(one));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(keep.toSorted((a, b) => a - b));
  });

  it('keeps the days of the documented year', () => {
    const policy = { daily: 14, monthly: 6, yearly: 1 };
    const days = kept(everyDayOf2015(), policy, LATER).map((one) => one.startedAt.slice(0, 10));
    const expected = Object.values(documented.keep).flat();
    expect(days).toEqual(expected.map((day) => day.slice(0, 10)));
    expect(days).toHaveLength(21);
  });
});

interface Restic {
  readonly snapshots: readonly { readonly time: string }[];
  readonly cases: readonly {
    readonly policy: { readonly [rule: string]: unknown };
    readonly keep: readonly string[];
  }[];
}

function span(text: string): CalendarSpan {
  const names: { [unit: string]: string } = { y: 'years', m: 'months', d: 'days', h: 'hours' };
  const parts = [...text.matchAll(/(\d+)([ymdh])/g)];
  return Object.fromEntries(parts.map(([, n, unit = '']) => [names[unit], Number(n)]));
}

function asOurs(policy: Restic['cases'][number]['policy']): ResticPolicy {
  const rules = Object.entries(policy).map(([name, value]) => {
    const ours = name.charAt(0).toLowerCase() + name.slice(1);
    if (typeof value === 'string') return [ours, span(value)];
    return [ours, value === -1 ? 'all' : value];
  });
  return { mode: 'restic', ...Object.fromEntries(rules) } as ResticPolicy;
}

describe('restic, by its own cases', () => {
  const { snapshots, cases } = vectors('restic') as Restic;
  const backups = snapshots.map(({ time }, number) => backup(time, number));
  const ruled = cases.filter(({ policy }) => !('Tags' in policy) && Object.keys(policy).length > 0);

  it('there are all but those of tags and of no rule', () => {
    expect(ruled).toHaveLength(cases.length - 4);
    expect(ruled.length).toBeGreaterThan(30);
  });

  it.each(ruled)('$policy', ({ policy, keep }) => {
    const times = kept(backups, asOurs(policy), LATER).map((one) => one.startedAt);
    expect(times).toEqual(keep.map((time) => new Date(time).toISOString()));
  });

  it('keeps 19 of the documented year of borg', () => {
    const policy = { mode: 'restic', daily: 14, monthly: 6, yearly: 1 } as const;
    expect(kept(everyDayOf2015(), policy, LATER)).toHaveLength(19);
  });
});

interface Kopia {
  readonly cases: readonly {
    readonly policy: { readonly [rule: string]: number };
    readonly expect: { readonly [time: string]: readonly string[] };
  }[];
}

const KOPIA = 'incomplete-';

function ofKopia({ policy, expect: expected }: Kopia['cases'][number]) {
  const rules = Object.entries(policy).map(([name, count]) => {
    const rule = name.replace('Keep', '').toLowerCase();
    return [rule === 'latest' ? 'last' : rule, count];
  });
  const backups = Object.keys(expected).map((name, number) =>
    backup(name.replace(KOPIA, ''), number, name.startsWith(KOPIA) ? { level: 'stored' } : {}),
  );
  const wanted = Object.values(expected);
  return {
    ours: { mode: 'restic', ...Object.fromEntries(rules) } as ResticPolicy,
    backups,
    keep: backups.filter((_, at) => (wanted[at]?.length ?? 0) > 0).map((one) => one.startedAt),
    isSame: !Object.keys(expected).some((name) => name.startsWith(KOPIA)),
  };
}

describe('restic, by the cases of kopia', () => {
  const all = (vectors('kopia') as Kopia).cases.filter(
    ({ policy }) => Object.keys(policy).length > 0,
  );
  const cases = all.map(ofKopia);
  const now = Date.UTC(2020, 3, 3);

  it('keeps at least what kopia keeps, unfinished ones among it', () => {
    expect(cases).toHaveLength(7);
    for (const { backups, ours, keep } of cases) {
      const times = kept(backups, ours, now).map((one) => one.startedAt);
      expect(times).toEqual(expect.arrayContaining(keep));
    }
  });

  it('keeps the same where no period is empty and nothing is unfinished', () => {
    const same = cases.filter(({ isSame }, at) => isSame && at !== 3);
    expect(same).toHaveLength(4);
    for (const { backups, ours, keep } of same) {
      const times = kept(backups, ours, now).map((one) => one.startedAt);
      expect(times.toSorted()).toEqual(keep.toSorted());
    }
  });

  it('keeps a third month where kopia lets an empty one count', () => {
    const { backups, ours } = cases[3]!;
    const months = kept(backups, ours, now).map((one) => one.startedAt.slice(0, 7));
    expect(months).toEqual(['2020-04', '2020-03', '2020-01']);
  });
});

describe('the calendar', () => {
  it('has one week over New Year', () => {
    const start = Date.UTC(2025, 11, 29, 12);
    const days = Array.from({ length: 14 }, (_, day) => backup(start + day * DAY));
    const weeks = kept(days, { weekly: 2 }, LATER).map((one) => one.startedAt.slice(0, 10));
    expect(weeks).toEqual(['2026-01-11', '2026-01-04']);
  });

  it('begins days where the policy says', () => {
    // 23:30 and 00:30 in Berlin, in winter and in summer; one day in UTC.
    for (const midnight of [Date.UTC(2026, 0, 9, 23), Date.UTC(2026, 6, 9, 22)]) {
      const two = [backup(midnight - HOUR / 2), backup(midnight + HOUR / 2)];
      expect(kept(two, { daily: 2, timeZone: 'Europe/Berlin' }, LATER)).toHaveLength(2);
      const first = { mode: 'restic', daily: 1 } as const;
      expect(kept(two, { ...first, timeZone: 'Europe/Berlin' }, LATER)).toEqual([two[1]]);
    }
  });

  it('has 23 and 25 hours in a day on which the clock changes', () => {
    const spring = Array.from({ length: 24 }, (_, n) =>
      backup(Date.UTC(2026, 2, 28, 23) + n * HOUR),
    );
    const policy = { timeZone: 'Europe/Berlin', mode: 'restic', daily: 1 } as const;
    // The 24th hour is already the next day: both days are told apart.
    expect(kept(spring, { ...policy, daily: 2 }, LATER)).toEqual([spring[23], spring[22]]);
    const autumn = Array.from({ length: 25 }, (_, n) =>
      backup(Date.UTC(2026, 9, 24, 22) + n * HOUR),
    );
    expect(kept(autumn, { ...policy, daily: 2 }, LATER)).toEqual([autumn[24], autumn[0]]);
  });
});
