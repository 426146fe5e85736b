import { planRetention, type RetainedBackup, type RetentionPolicy } from '@holdfast/backups';
import { median, type Figure } from './harness.ts';

const COUNT = 100_000;
const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const BLOCKS = 7;

/** One an hour, over eleven years, in no order; one in sixteen is not proven. */
function backups(): RetainedBackup[] {
  return Array.from({ length: COUNT }, (_, number) => {
    const hours = (number * 7919) % COUNT;
    const startedAt = new Date(NOW - hours * HOUR - HOUR).toISOString();
    return {
      id: `${startedAt.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${number.toString(16).padStart(16, '0')}`,
      set: 'shop',
      startedAt,
      bytes: 1_000_000 + number,
      level: number % 16 === 5 ? 'checksum' : 'restored',
      failed: false,
    };
  });
}

const rules = { hourly: 48, daily: 30, weekly: 52, monthly: 60, yearly: 'all' } as const;
const timeZone = 'Europe/Berlin';
const policies: { readonly [mode: string]: RetentionPolicy } = {
  gfs: { mode: 'gfs', ...rules, timeZone },
  restic: { mode: 'restic', ...rules, withinDaily: { years: 2 }, timeZone },
};

function timed(list: readonly RetainedBackup[], policy: RetentionPolicy): number {
  const times: number[] = [];
  // The first warms up and does not count.
  for (let block = 0; block <= BLOCKS; block++) {
    const start = performance.now();
    planRetention(list, policy, NOW);
    if (block > 0) times.push(performance.now() - start);
  }
  return median(times);
}

/** What it takes to plan for many backups of one set, in a time zone with summer time. */
export function retentionFigures(): Figure[] {
  const list = backups();
  return Object.entries(policies).map(([mode, policy]) => {
    const value = timed(list, policy);
    return {
      name: `retention of 100,000 backups, mode ${mode}`,
      value,
      unit: 'ms',
      baseline: null,
      ratio: null,
      target: '<= 200 ms',
      met: value <= 200,
    };
  });
}
