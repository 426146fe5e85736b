import { describe, expect, it } from 'vitest';
import {
  explainRetention,
  planRetention,
  type RetainedBackup,
  type RetentionPolicy,
} from '@holdfast/backups';
import { backup, DAY, HOUR, kept } from './backups.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

/** One a day, newest first; the newest a day ago. */
function days(count: number, more: Partial<RetainedBackup> = {}): RetainedBackup[] {
  return Array.from({ length: count }, (_, day) => backup(NOW - (day + 1) * DAY, 0, more));
}

function reasonsOf(backups: readonly RetainedBackup[], policy: RetentionPolicy) {
  const { decisions } = planRetention(backups, policy, NOW);
  return new Map(decisions.map((one) => [one.backup, one]));
}

describe('a policy is refused', () => {
  const empty: RetentionPolicy[] = [
    {},
    { daily: 0, weekly: 0 },
    { mode: 'restic' },
    { mode: 'restic', last: 0, within: { days: 0 } },
    { pins: { '20260105T030000Z-7f3a90c2d4e5b617': 'why not' } },
  ];
  it.each(empty)('that keeps nothing: %j', (policy) => {
    const plan = () => planRetention(days(3), policy, NOW);
    expect(plan).toThrow(expect.objectContaining({ code: 'RETENTION_EMPTY' }));
  });

  const wrong: [string, object][] = [
    ['daily must', { daily: -1 }],
    ['daily must', { daily: 1.5 }],
    ['daily must', { daily: '7' }],
    ['last is not known in mode gfs', { daily: 1, last: 3 }],
    ['dayly is not known', { dayly: 7 }],
    ['no mode "toString"', { mode: 'toString', daily: 1 }],
    ['no time zone "Berlin"', { daily: 1, timeZone: 'Berlin' }],
    ['no proof "sure"', { daily: 1, proof: 'sure' }],
    ['is no backup id', { daily: 1, pins: { yesterday: 'why' } }],
    ['has no reason', { daily: 1, pins: { '20260105T030000Z-7f3a90c2d4e5b617': ' ' } }],
    ['within must name', { mode: 'restic', within: '3d' }],
    ['within.weeks is not known', { mode: 'restic', within: { weeks: 3 } }],
    ['within.days must', { mode: 'restic', within: { days: -3 } }],
    ['no object', null as unknown as object],
  ];
  it.each(wrong)('that says what cannot be: %s', (message, policy) => {
    const plan = () => planRetention([], policy as RetentionPolicy, NOW);
    expect(plan).toThrow(
      expect.objectContaining({
        code: 'RETENTION_INVALID',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('what is not proven', () => {
  it('takes no slot', () => {
    const backups = days(4);
    const unproven = { ...backups[1]!, level: 'readable' } as const;
    const failed = { ...backups[2]!, failed: true };
    const all = [backups[0]!, unproven, failed, backups[3]!];
    const plan = reasonsOf(all, { daily: 2, unprovenFor: 0 });
    expect(plan.get(backups[0]!)?.keep).toBe(true);
    expect(plan.get(backups[3]!)?.reasons).toContain('daily 2 of 2: the newest of its day');
    expect(plan.get(unproven)?.keep).toBe(false);
    expect(plan.get(failed)?.keep).toBe(false);
  });

  it('is kept for a week, or for as long as the policy says, once a newer one is proven', () => {
    const backups = [backup(NOW - HOUR), ...days(10, { level: 'stored' })];
    expect(kept(backups, { daily: 1 }, NOW)).toEqual(backups.slice(0, 8));
    expect(kept(backups, { daily: 1, unprovenFor: '2d' }, NOW)).toEqual(backups.slice(0, 3));
  });

  it('is kept as long as no newer one is proven', () => {
    const old = backup(NOW - 90 * DAY);
    const newer = backup(NOW - 80 * DAY, 0, { level: 'checksum' });
    expect(kept([old, newer], { daily: 1 }, NOW)).toEqual([newer, old]);
  });

  it('takes one where the policy asks for less', () => {
    const backups = days(4, { level: 'checksum' });
    expect(kept(backups, { daily: 2, proof: 'checksum' }, NOW)).toEqual(backups.slice(0, 2));
  });
});

describe('never removed', () => {
  it('is the last that was proven by restoring it', () => {
    const proven = backup(NOW - 30 * DAY);
    const backups = [...days(5, { level: 'checksum' }), proven];
    const plan = reasonsOf(backups, { daily: 2, proof: 'checksum' });
    expect(plan.get(proven)?.reasons).toEqual(['the last proven backup of its set']);
    expect(plan.get(backups[4]!)?.keep).toBe(false);
  });

  it('is what is pinned, which is counted all the same', () => {
    const backups = days(4);
    const policy = { daily: 2, pins: { [backups[1]!.id]: 'audit', [backups[3]!.id]: 'trial' } };
    expect(kept(backups, policy, NOW)).toEqual([backups[0], backups[1], backups[3]]);
    const { reasons } = reasonsOf(backups, policy).get(backups[3]!)!;
    expect(reasons).toEqual(['pinned: trial']);
  });

  it.each([
    { daily: 2 },
    { mode: 'restic', daily: 2 },
    { mode: 'restic', within: { days: 1, hours: 1 } },
  ] as const)('is what is dated ahead, which takes no slot and shifts no window: %j', (policy) => {
    const backups = days(4);
    const ahead = backup(NOW + 400 * DAY);
    expect(kept([...backups, ahead], policy, NOW)).toEqual([ahead, ...backups.slice(0, 2)]);
  });
});

it('reaches back from the latest, not from now', () => {
  const backups = days(5);
  const policy = { mode: 'restic', within: { days: 2 } } as const;
  expect(kept(backups, policy, NOW + 400 * DAY)).toEqual(backups.slice(0, 2));
});

it('judges each set for itself', () => {
  const all = [...days(3), ...days(3, { set: 'site' })];
  const found = kept(all, { daily: 1 }, NOW).map(({ set, startedAt }) => [set, startedAt]);
  const newest = new Date(NOW - DAY).toISOString();
  expect(found).toEqual([
    ['orders', newest],
    ['site', newest],
  ]);
});

describe('pruning is suspended', () => {
  const policy = { daily: 1, unprovenFor: 0 };

  it('when no backup of the set is proven; other sets go on', () => {
    const sick = days(3, { level: 'readable', set: 'site' });
    const ahead = backup(NOW + 2 * DAY, 0, { set: 'site' });
    const { decisions, findings } = planRetention([...days(3), ...sick, ahead], policy, NOW);
    expect(findings).toMatchObject([{ code: 'RETENTION_NOTHING_PROVEN', set: 'site' }]);
    const removed = decisions.filter(({ keep }) => !keep).map((one) => one.backup.set);
    expect(removed).toEqual(['orders', 'orders']);
  });

  it('when the newest is far smaller than those before', () => {
    const backups = days(6);
    const small = { ...backups[0]!, bytes: 333 };
    const plan = planRetention([small, ...backups.slice(1)], policy, NOW);
    expect(plan.findings).toMatchObject([{ code: 'RETENTION_SHRUNKEN', set: 'orders' }]);
    expect(plan.decisions.every(({ keep }) => keep)).toBe(true);
    expect(plan.decisions[3]?.reasons).toEqual([
      'pruning is suspended (RETENTION_SHRUNKEN); else: no rule has a slot for it',
    ]);
  });

  it('not when it is a third, nor with a short history, nor once most of ten are as small', () => {
    const backups = days(14);
    const third = { ...backups[0]!, bytes: 334 };
    const few = [{ ...backups[0]!, bytes: 1 }, ...backups.slice(1, 3)];
    const settled = backups.map((one, day) => (day < 7 ? { ...one, bytes: 10 } : one));
    for (const list of [[third, ...backups.slice(1)], few, settled]) {
      expect(planRetention(list, policy, NOW).findings).toEqual([]);
    }
  });
});

it('explains each in one sentence', () => {
  const [newest, older] = days(2);
  const sentences = planRetention([older!, newest!], { daily: 1 }, NOW).decisions.map(
    explainRetention,
  );
  expect(sentences).toEqual([
    `orders, ${newest!.id} is kept: daily 1 of 1: the newest of its day; the last proven backup of its set.`,
    `orders, ${older!.id} is removed: no rule has a slot for it.`,
  ]);
});
