import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, postgresSource, verifyBackup } from '@holdfast/backups';
import { hasPostgres, startPostgres } from '../servers/postgres.ts';

/** How many tables. Each takes a lock, and its index another. */
const TABLES = 10_000;
const BATCH = 500;

it.skipIf(!hasPostgres)(
  `${TABLES} tables of PostgreSQL are dumped and proven`,
  async () => {
    const server = await startPostgres({ settings: { max_locks_per_transaction: '256' } });
    onTestFinished(() => server.stop());
    const scratchRoot = await mkdtemp(join(tmpdir(), 'many-tables-'));
    onTestFinished(() => rm(scratchRoot, { recursive: true, force: true }));
    server.createDatabase('many');
    for (let from = 0; from < TABLES; from += BATCH) {
      server.sql(
        `DO $$ BEGIN FOR n IN ${from}..${from + BATCH - 1} LOOP
        EXECUTE format('CREATE TABLE t%s (id serial PRIMARY KEY, note text)', n);
        EXECUTE format('INSERT INTO t%s (note) VALUES (''x'')', n);
      END LOOP; END $$`,
        'many',
      );
    }
    const { host, port, user } = server;
    const store = memoryObjectStore();
    const source = postgresSource({ name: 'many', host, port, user, databases: 'many' });
    const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record.compared).toMatchObject({ tables: TABLES, rows: TABLES });
  },
  900_000,
);
