/**
 * Waits until there is something on the queue 'q', woken by the store alone, and claims from it until nothing is left.
 * Says 'ready' when it watches, and then a line with the id of each run that it was given.
 */
import { writeSync } from 'node:fs';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const [path = '', holder = ''] = process.argv.slice(2);
const store = sqliteRunStore(path);
await store.open();

const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
const patience = setTimeout(() => process.exit(3), 30_000);
await store.watch({ queues: ['q'] }, wake);
writeSync(1, 'ready\n');
await woken;
clearTimeout(patience);

const terms = { queues: ['q'], flows: ['nightly'], tasks: [], holder, ttl: 60_000, limit: 7 };
for (;;) {
  const claims = await store.claim({ ...terms, now: Date.now() });
  if (claims.length === 0) break;
  for (const { run } of claims) writeSync(1, `${run.id}\n`);
}
await store.close();
