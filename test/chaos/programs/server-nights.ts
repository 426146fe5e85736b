import { join } from 'node:path';
import {
  fileTree,
  mysqlSource,
  nightlyBackup,
  postgresSource,
  redisSource,
  setLocks,
} from '@holdfast/backups';
import { createEngine, secret } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

// Backs servers and files up, encrypted, one night after the other, until it is killed: `server-nights.ts <directory> <ports>
// <recipient> <identity file> [once]`. With `once` it ends after what was interrupted and one night more.
const [directory = '', ports = '', recipient = '', identity = '', times] = process.argv.slice(2);
const [postgres = 0, mariadb = 0, redis = 0] = ports.split(',').map(Number);
const password = secret('env:HOLDFAST_NIGHT_PASSWORD');
const common = { host: '127.0.0.1', user: 'keeper', password };

const nightly = nightlyBackup({
  name: 'nights',
  sources: [
    postgresSource({ ...common, name: 'pg', port: postgres, databases: 'shop' }),
    mysqlSource({ ...common, name: 'maria', port: mariadb, database: 'shop' }),
    redisSource({ name: 'cache', port: redis, password }),
    fileTree({ name: 'files', path: join(directory, 'files') }),
  ],
  stores: { primary: 'primary', copies: ['vault'] },
  encryption: { recipients: [recipient] },
  identities: [secret(`file:${identity}`)],
  lock: true,
  scratchRoot: join(directory, 'scratch'),
}).with({ maxRecoveries: Number.POSITIVE_INFINITY });

const engine = createEngine({
  store: sqliteRunStore(join(directory, 'runs.db')),
  flows: [nightly],
  limits: setLocks('pg', 'maria', 'cache', 'files'),
  resources: {
    primary: localObjectStore(join(directory, 'primary')),
    vault: localObjectStore(join(directory, 'vault')),
  },
});

process.stdout.write('up\n');
const { resumed } = await engine.recover();
for (const handle of resumed) await handle.result();
do {
  await engine.run(nightly);
  process.stdout.write('night over\n');
} while (times !== 'once');
await engine.stop();
