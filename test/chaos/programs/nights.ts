import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileTree, nightlyBackup, sqliteSource } from '@holdfast/backups';
import { createEngine } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// Makes one nightly backup after the other until it is killed: `nights.ts <directory>`.
const directory = process.argv[2] ?? '';
const database = join(directory, 'shop.db');
const files = join(directory, 'files');

if (!existsSync(files)) {
  const db = new DatabaseSync(database);
  db.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, note TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO orders (note) SELECT hex(randomblob(60)) FROM n;
  `);
  db.close();
  mkdirSync(files);
  for (let n = 0; n < 50; n++) writeFileSync(join(files, `note ${n}`), 'x'.repeat(n * 100));
}

const nightly = nightlyBackup({
  sources: [
    sqliteSource({ name: 'shop', path: database }),
    fileTree({ name: 'files', path: files }),
  ],
  stores: { primary: 'primary', copies: ['vault'] },
  scratchRoot: join(directory, 'scratch'),
}).with({ maxRecoveries: Number.POSITIVE_INFINITY });

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [nightly],
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    vault: localObjectStore(join(directory, 'vault')),
  },
});

process.stdout.write('up\n');
const { resumed } = await engine.recover();
for (const handle of resumed) await handle.result();
for (;;) {
  await engine.run(nightly);
  process.stdout.write('night over\n');
}
