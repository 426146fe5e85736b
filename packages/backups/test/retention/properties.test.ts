import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planRetention, type RetainedBackup, type RetentionPolicy } from '@holdfast/backups';
import { backup, DAY, HOUR, kept } from './backups.ts';

const NOW = Date.UTC(2026, 5, 15, 12);
const RULES = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
const LEVELS = ['restored', 'restored', 'restored', 'checksum', 'stored', null] as const;

/** Over two and a half years, some of them close together, a few dated ahead. */
const backups = fc
  .array(
    fc.record({
      hours: fc.oneof(fc.integer({ min: -50, max: 200 }), fc.integer({ min: 0, max: 22_000 })),
      minutes: fc.integer({ min: 0, max: 59 }),
      level: fc.constantFrom(...LEVELS),
      failed: fc.boolean(),
      bytes: fc.integer({ min: 0, max: 2000 }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((all) =>
    all.map(({ hours, minutes, ...more }, number) =>
      backup(NOW - hours * HOUR - minutes * 60_000, number, {
        ...more,
        failed: more.failed && number % 4 === 0,
      }),
    ),
  );

const count = fc.integer({ min: 0, max: 6 });
const counts = fc.record({
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
});
const common = fc.record({
  timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland', 'America/St_Johns'),
  proof: fc.constantFrom('restored', 'checksum' as const),
  unprovenFor: fc.integer({ min: 0, max: 30 }).map((days) => days * DAY),
});

/** A policy, and one with the same rules that counts further. */
const policies = fc
  .record({
    mode: fc.constantFrom('gfs', 'restic' as const),
    counts,
    more: counts,
    common,
    days: fc.integer({ min: 1, max: 400 }),
  })
  .filter((one) => RULES.some((rule) => one.counts[rule] > 0))
  .map(({ mode, counts: small, more, common: shared, days }) => {
    const large = Object.fromEntries(
      RULES.map((rule) => [rule, small[rule] === 0 ? 0 : small[rule] + more[rule]]),
    );
    const spans = (by: number) =>
      mode === 'restic' ? { withinWeekly: { days: days * by }, within: { hours: days * by } } : {};
    return {
      policy: { mode, ...shared, ...small, ...spans(1) },
      larger: { mode, ...shared, ...large, ...spans(2) },
    };
  });

function ids(list: readonly RetainedBackup[]): string[] {
  return list.map(({ id }) => id);
}

function lastProven(list: readonly RetainedBackup[]): RetainedBackup | undefined {
  return list
    .filter(({ level, failed }) => level === 'restored' && !failed)
    .filter(({ startedAt }) => Date.parse(startedAt) <= NOW + HOUR)
    .toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
    .at(-1);
}

function check(
  property: (list: RetainedBackup[], policy: RetentionPolicy, larger: RetentionPolicy) => void,
) {
  fc.assert(
    fc.property(backups, policies, (list, { policy, larger }) => property(list, policy, larger)),
    { numRuns: 1000 },
  );
}

describe('whatever the backups and the policy are', () => {
  it('the last proven one stays', () => {
    check((list, policy) => {
      const proven = lastProven(list);
      if (proven !== undefined) {
        const at = kept(list, policy, NOW).map(({ startedAt }) => startedAt);
        expect(at).toContain(proven.startedAt);
      }
    });
  });

  it('not all go, and each is judged once, with a reason', () => {
    check((list, policy) => {
      const { decisions } = planRetention(list, policy, NOW);
      expect(ids(decisions.map((one) => one.backup)).toSorted()).toEqual(ids(list).toSorted());
      expect(decisions.every(({ reasons }) => reasons.length > 0)).toBe(true);
      expect(decisions.some(({ keep }) => keep)).toBe(true);
    });
  });

  it('planning again after a prune removes nothing', () => {
    check((list, policy) => {
      const { decisions, findings } = planRetention(list, policy, NOW);
      const rest = decisions.filter(({ keep }) => keep).map((one) => one.backup);
      const again = planRetention(rest, policy, NOW);
      if (findings.length === 0) {
        expect(again.decisions.filter(({ keep }) => !keep)).toEqual([]);
      }
    });
  });

  it('larger counts keep no less', () => {
    check((list, policy, larger) => {
      const all = ids(kept(list, larger, NOW));
      expect(all).toEqual(expect.arrayContaining(ids(kept(list, policy, NOW))));
    });
  });

  it('what is dated ahead changes nothing for the others', () => {
    check((list, policy) => {
      const ahead = backup(NOW + 2 * DAY, 99);
      const without = ids(kept(list, policy, NOW));
      expect(ids(kept([...list, ahead], policy, NOW)).toSorted()).toEqual(
        [...without, ahead.id].toSorted(),
      );
    });
  });
});
