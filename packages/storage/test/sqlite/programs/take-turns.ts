/**
 * Takes permits of a limit and gives them back, as often as it is told. Appends to a file that all share how many slots
 * it took when it has them, and how many it will give back before it does, as negative numbers. Says on stdout when it
 * is refused for the first time.
 */
import { appendFileSync, writeSync } from 'node:fs';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const [path = '', file = '', holder = '', times = '0', capacity = '1'] = process.argv.slice(2);
const store = sqliteRunStore(path);
await store.open();

let refused = false;
for (let done = 0; done < Number(times);) {
  const slots = 1 + (done % 2);
  const id = `${done}`;
  const { granted } = await store.acquirePermits({
    id,
    holder,
    wishes: [{ limit: 'db', capacity: Number(capacity), slots }],
    now: Date.now(),
    ttl: 60_000,
  });
  if (!granted) {
    if (!refused) writeSync(1, 'refused\n');
    refused = true;
    continue;
  }
  appendFileSync(file, `${slots}\n`);
  await store.schedules();
  appendFileSync(file, `${-slots}\n`);
  await store.releasePermits(holder, [id]);
  done++;
}
await store.close();
