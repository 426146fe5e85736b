import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { functionNotifier, sqliteSource, webhookNotifier } from '@holdfast/backups';
import { createEngine } from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';
import { createService } from './service.ts';
import { shopBackup } from './shop-backup.ts';

// Where the data lies, whom to tell, where to listen, and how long a stop may wait for what is under way.
const { DATA = '.', WEBHOOK, PORT = '8080', STOP_TIMEOUT = '20s' } = process.env;

const people =
  WEBHOOK === undefined
    ? functionNotifier(({ text }) => console.log(text))
    : webhookNotifier({ url: WEBHOOK, timeout: 60_000 });

const engine = createEngine({
  store: sqliteRunStore(join(DATA, 'runs.db')),
  flows: [shopBackup],
  resources: { primary: localObjectStore(join(DATA, 'primary')), people },
});

// What an earlier process left goes on, before anything new starts.
const { resumed } = await engine.recover();

const service = createService(engine, sqliteSource({ name: 'shop', path: join(DATA, 'shop.db') }));
service.listen(Number(PORT), '127.0.0.1');
await once(service, 'listening');
console.log(`listening on ${(service.address() as AddressInfo).port}, ${resumed.length} recovered`);

async function stop(): Promise<void> {
  service.close();
  await engine.stop({ timeout: STOP_TIMEOUT });
  service.closeIdleConnections();
  console.log('stopped');
}

process.once('SIGTERM', () => {
  stop().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
