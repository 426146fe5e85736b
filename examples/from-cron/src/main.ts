import { join, resolve } from 'node:path';
import { nightlyBackup, sqliteSource } from '@holdfast/backups';
import { createEngine, isHoldfastError } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// The same line in the crontab, with another program behind it:   0 3 * * * node /opt/shop/main.js /opt/shop
// Cron goes on to start it, to mail what it prints, and to look at its exit code.
const shop = resolve(process.argv[2] ?? '.');
const nightly = nightlyBackup({
  sources: [sqliteSource({ name: 'shop', path: join(shop, 'shop.db') })],
  stores: { primary: 'backups', copies: ['vault'], atLeast: 1 },
  // Fourteen days, as find -mtime +14 had it, and never the last one that is proven.
  retention: { daily: 14 },
  scratchRoot: join(shop, 'scratch'),
});
const engine = createEngine({
  store: sqliteRunStore(join(shop, 'runs.db')),
  flows: [nightly],
  resources: {
    backups: localObjectStore(join(shop, 'backups')),
    vault: localObjectStore(join(shop, 'vault')),
  },
});

try {
  // What a reboot has cut off the night before is ended first.
  await engine.recover();
  await engine.run(nightly);
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await engine.stop();
}
