import { join } from 'node:path';
import { fileTree, type Nightly, nightlyBackup, postgresSource } from '@holdfast/backups';
import {
  createEngine,
  type Engine,
  type Flow,
  type ObjectStore,
  schedule,
  secret,
} from '@holdfast/core';
import { localObjectStore } from '@holdfast/storage/local';
import { sqliteRunStore } from '@holdfast/storage/sqlite';

/** Where the shop's data lies. */
export interface Places {
  readonly database: { readonly host: string; readonly port: number; readonly user: string };
  readonly uploads: string;
  /** Where runs and backups are kept. */
  readonly data: string;
}

/** What the service needs of its backups. */
export interface Backups {
  readonly engine: Engine;
  readonly nightly: Flow<Nightly>;
  readonly store: ObjectStore;
  readonly specs: readonly [
    database: ReturnType<typeof postgresSource>,
    files: ReturnType<typeof fileTree>,
  ];
}

/** The database first, then the files that its rows refer to; each proven, 14 days and 6 months of them kept. */
export function createBackups({ database, uploads, data }: Places): Backups {
  const specs = [
    postgresSource({
      name: 'shop',
      ...database,
      password: secret('env:SHOP_PASSWORD'),
      databases: 'shop',
    }),
    fileTree({ name: 'uploads', path: uploads }),
  ] as const;
  const store = localObjectStore(join(data, 'backups'));
  const nightly = nightlyBackup({
    sources: specs,
    stores: { primary: 'primary' },
    retention: { mode: 'gfs', daily: 14, monthly: 6 },
    scratchRoot: join(data, 'scratch'),
  });
  const engine = createEngine({
    store: sqliteRunStore(join(data, 'runs.db')),
    schedules: [schedule(nightly, { cron: '30 2 * * *', timeZone: 'Europe/Berlin' })],
    resources: { primary: store },
  });
  return { engine, nightly, store, specs };
}
