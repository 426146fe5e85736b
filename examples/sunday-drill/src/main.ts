import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Notice } from '@holdfast/backups';
import { createEngine, isHoldfastError } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { shopFlows } from './flows.ts';
import { hasOrders } from './has-orders.ts';

// A night and a Sunday at once, in a directory that is made if it is missing: `main.ts [directory]`. A service calls
// `engine.serve()` instead, and each flow runs at its time.
const directory = resolve(process.argv[2] ?? 'sunday-drill-data');
await mkdir(directory, { recursive: true });
const database = join(directory, 'shop.db');
const db = new DatabaseSync(database);
db.exec('CREATE TABLE IF NOT EXISTS orders (at TEXT); INSERT INTO orders VALUES (datetime())');
db.close();

const { nightly, drill, health, schedules } = shopFlows(database, join(directory, 'scratch'));
const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [nightly, drill, health],
  schedules,
  limits: { 'set:shop': 1 },
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    vault: localObjectStore(join(directory, 'vault')),
    'has-orders': hasOrders,
    people: ({ subject }: Notice) => console.log(`to people: ${subject}`),
  },
});

try {
  await engine.run(nightly);
  for (const { set, verification } of await engine.run(drill)) {
    console.log(`${set}: ${verification?.reached}`);
  }
  for (const { verdict } of await engine.run(health)) console.log(verdict);
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await engine.stop();
}
