import { healthCheck, nightlyBackup, restoreDrill, sqliteSource } from '@holdfast/backups';
import { schedule } from '@holdfast/core';

const timeZone = 'Europe/Berlin';

/** Everything that is done about the backups of the shop, and when. */
export function shopFlows(database: string, scratchRoot: string) {
  const nightly = nightlyBackup({
    sources: [sqliteSource({ name: 'shop', path: database })],
    stores: { primary: 'primary', copies: ['vault'], atLeast: 1 },
    retention: { daily: 14, weekly: 8 },
    lock: true,
    notify: 'people',
    scratchRoot,
  });
  // From the vault: the copy that is there when all else is lost.
  const drill = restoreDrill({
    sets: ['shop'],
    store: 'vault',
    check: 'has-orders',
    lock: true,
    notify: 'people',
    scratchRoot,
  });
  const health = healthCheck({
    sets: ['shop'],
    stores: ['primary', 'vault'],
    limits: { restoreProvenWithin: '8d' },
    notify: 'people',
  });
  const schedules = [
    schedule(nightly, { cron: '0 1 * * *', timeZone }),
    schedule(drill, { cron: '0 9 * * SUN', timeZone, maxLateness: '6h' }),
    schedule(health, { every: '1h' }),
  ];
  return { nightly, drill, health, schedules };
}
