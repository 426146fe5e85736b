import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import {
  createBackup,
  listBackups,
  postgresSource,
  type PostgresSourceOptions,
  verifyBackup,
} from '@holdfast/backups';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../test/servers/postgres.ts';
import { leftIn, testRooms } from './support/rooms.ts';
import { SHOP } from './support/shop.ts';

const rooms = testRooms();
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server?.stop());

async function dump(databases: PostgresSourceOptions['databases'], more: object = {}) {
  const { host, port, user } = server;
  const store = memoryObjectStore();
  const source = postgresSource({ name: 'shop', host, port, user, databases, ...more });
  const { scratchRoot } = rooms;
  const backup = await createBackup({ source, store, storeName: 'primary', scratchRoot });
  return { store, backup, scratchRoot };
}

describe.skipIf(!hasPostgres)('a PostgreSQL source', { timeout: 120_000 }, () => {
  it('comes back in a server of its own, as it was', async () => {
    server.createDatabase('shop');
    server.sql(SHOP, 'shop');
    const { store, backup, scratchRoot } = await dump('shop');
    const { manifest } = (await listBackups(store)).backups[0]!;
    console.log(JSON.stringify(manifest.fingerprint, null, 1), JSON.stringify(manifest.source), manifest.artifacts);
    let n: unknown;
    const record = await verifyBackup({ backup, store, scratchRoot, check: async (db) => { n = await db.query('select count(*) from orders'); } });
    console.log(record, n);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });
});
