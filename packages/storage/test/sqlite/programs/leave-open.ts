/** Opens a store, uses it and leaves it open: the process ends all the same. */
import { writeSync } from 'node:fs';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const store = sqliteRunStore(process.argv[2] ?? '');
await store.open();
writeSync(1, `${(await store.runs({})).length} runs\n`);
