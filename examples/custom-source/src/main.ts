import { join } from 'node:path';
import { nightlyBackup } from '@holdfast/backups';
import { createEngine, isHoldfastError } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { records, type RecordsSpec } from './records-source.ts';

// Backs up the records of a service into a directory that exists: `main.ts <url> <directory>`.
const [url = 'http://127.0.0.1:8080', directory = '.'] = process.argv.slice(2);
const source: RecordsSpec = { kind: 'records', name: 'records', url };
const nightly = nightlyBackup({ sources: [source], stores: { primary: 'primary' } });

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [nightly],
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    // Tasks find a source that is not built in by this name.
    'source:records': records,
  },
});

try {
  await engine.recover();
  const { sources } = await engine.run(nightly);
  for (const { backup, verification } of sources) {
    console.log(`${backup?.path}: ${verification?.reached}, ${verification?.compared.rows} rows`);
  }
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await engine.stop();
}
