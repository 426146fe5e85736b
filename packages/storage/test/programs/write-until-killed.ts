/**
 * Creates task runs below a root, several commits under way at a time, and writes the number of each
 * to stdout after its commit was acknowledged. Runs until it is killed. `write-until-killed.ts <place> <durability> <first>`,
 * where the place is the URL of a PostgreSQL database or a SQLite file.
 */
import { writeSync } from 'node:fs';
import type { Durability } from '@holdfast/core';
import { creation, sampleFlow, sampleTask } from '@holdfast/core/testing';
import { postgresRunStore } from '@holdfast/storage/postgres';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

const [place = '', durability = 'process', first = '0'] = process.argv.slice(2);
const store = place.startsWith('postgresql:')
  ? postgresRunStore({ url: place })
  : sqliteRunStore(place);
await store.open();
const root = sampleFlow(0);
const fence = { rootId: root.id, epoch: 1 };
await store.commit([creation(root, { lease: { holder: 'h', ttl: 1 } })], 'machine');

let next = Number(first);

async function write(): Promise<void> {
  for (;;) {
    const n = ++next;
    const writes = [creation(sampleTask(n, root), { fence })];
    const [outcome] = await store.commit(writes, durability as Durability);
    if (outcome?.ok === true) writeSync(1, `${n}\n`);
  }
}

await Promise.all([write(), write(), write()]);
