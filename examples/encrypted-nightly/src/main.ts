import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createEngine, isHoldfastError } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { keyPair } from './keys.ts';
import { encryptedNightly } from './nightly.ts';
import { rotateKey } from './rotate-key.ts';

// A night, then a change of keys, in a directory that is made if it is missing: `main.ts [directory]`.
const directory = resolve(process.argv[2] ?? 'encrypted-nightly-data');
await mkdir(directory, { recursive: true });
const database = join(directory, 'notes.db');
const db = new DatabaseSync(database);
db.exec('CREATE TABLE IF NOT EXISTS notes (text); INSERT INTO notes VALUES (datetime())');
db.close();

const [main, spare, next] = await Promise.all([
  keyPair(directory, 'main'),
  keyPair(directory, 'spare'),
  keyPair(directory, 'next'),
]);
const recipients = { main: main.recipient, spare: spare.recipient };
const nightly = encryptedNightly(database, recipients, main.identity);
const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [nightly, rotateKey],
  resources: { primary: localObjectStore(join(directory, 'primary')) },
});

try {
  await engine.recover();
  const { sources } = await engine.run(nightly);
  for (const { source, verification } of sources)
    console.log(`${source}: ${verification?.reached}`);
  const rotation = {
    oldIdentity: main.identity,
    newIdentity: next.identity,
    recipients: [next.recipient, spare.recipient],
  };
  const { from, to, reached } = await engine.run(rotateKey, [rotation]);
  console.log(`${from} is ${to} for the new key: ${reached}`);
} catch (error) {
  console.error(isHoldfastError(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
} finally {
  await engine.stop();
}
