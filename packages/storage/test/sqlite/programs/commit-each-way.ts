/** Makes ten commits of each durability, and says on stderr where each kind begins and ends. */
import { writeSync } from 'node:fs';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const store = sqliteRunStore(process.argv[2] ?? '');
await store.open();
let n = 0;
for (const durability of ['process', 'machine', 'process', 'machine'] as const) {
  writeSync(2, `[${durability}]\n`);
  for (let i = 0; i < 10; i++) await store.commit([creation(sampleFlow(n++))], durability);
  writeSync(2, '[end]\n');
}
await store.close();
