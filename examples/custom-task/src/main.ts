import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEngine, isHoldfastError } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { makeShop } from './make-shop.ts';
import { shopBackup } from './shop-backup.ts';

// Backs up shop.db of a directory, which is made if it is missing: `main.ts [directory]`.
const directory = process.argv[2] ?? 'custom-task-data';
const database = join(directory, 'shop.db');
await mkdir(directory, { recursive: true });
makeShop(database, Date.now());

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [shopBackup],
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    vault: localObjectStore(join(directory, 'vault')),
  },
});

try {
  await engine.recover();
  const { backup, proof, orders, copy } = await engine.run(shopBackup, [database]);
  console.log(`${backup.id}: ${proof.reached}, ${orders.count} orders, copied to ${copy.store}`);
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await engine.stop();
}
