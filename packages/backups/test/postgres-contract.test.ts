import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { secret } from '@holdfast/core';
import { postgresSource, sourceOfKind } from '@holdfast/backups';
import { sourceContract, type SourceSubject } from '@holdfast/backups/testing';
import { type PostgresServer, startPostgres } from '../../../test/servers/postgres.ts';
import { askForPasswords, canRun, makeUser } from './support/postgres-rooms.ts';
import { SHOP } from './support/shop.ts';

const PASSWORD = `xyzzy #4711 '":\\`;
let server: PostgresServer;
let count = 0;

async function subject(): Promise<SourceSubject> {
  const database = `shop ${++count}`;
  server.createDatabase(database);
  server.sql(SHOP, database);
  // Enough that it passes through the pipeline in pieces.
  server.sql(
    "CREATE TABLE bulk AS SELECT n, repeat('x', 900) FROM generate_series(1, 3000) n",
    database,
  );
  const { host, port } = server;
  const password = secret('env:SHOP_PASSWORD');
  const address = { name: 'shop', host, port, user: 'backup', password };
  return {
    source: sourceOfKind('postgres'),
    spec: postgresSource({ ...address, databases: database }),
    missing: postgresSource({ ...address, databases: 'not there' }),
    lose: () => server.sql('DELETE FROM orders WHERE id = 7', database),
    lossIn: 1,
    damage: ({ server: { host: at, port: on, user, database: name } }) =>
      execFileSync(
        join(server.bin, 'psql'),
        [
          '-X',
          '-q',
          '-h',
          at,
          '-p',
          String(on),
          '-U',
          user,
          '-d',
          name,
          '-c',
          'DELETE FROM orders WHERE id = 7',
        ],
        { stdio: 'pipe' },
      ),
    secrets: { 'env:SHOP_PASSWORD': PASSWORD },
    close: () => server.sql(`DROP DATABASE "${database}" WITH (FORCE)`),
  };
}

describe.skipIf(!canRun)('with a server', () => {
  beforeAll(async () => {
    server = await startPostgres();
    makeUser(server, 'backup', PASSWORD, 'SUPERUSER');
    askForPasswords(server);
  }, 120_000);
  afterAll(() => server?.stop(), 60_000);

  sourceContract('PostgreSQL', subject);
});
