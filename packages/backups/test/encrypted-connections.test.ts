import { chmod } from 'node:fs/promises';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { memoryObjectStore } from '@holdfast/core';
import { createBackup, mysqlSource, redisSource, type SourceSpec } from '@holdfast/backups';
import { hasMariadb, MARIADB_NEEDED, startMariadb } from '../../../test/servers/mariadb.ts';
import { freePort, hasRedis, REDIS_NEEDED, startRedis } from '../../../test/servers/redis.ts';
import { makeCertificate } from './support/certificates.ts';
import { testRooms } from './support/rooms.ts';
import { isProvided } from '../../../test/servers/provided.ts';

const rooms = testRooms();
beforeEach(() => chmod(rooms.root, 0o755));

function dump(source: SourceSpec) {
  const store = memoryObjectStore();
  return createBackup({ source, store, storeName: 's', scratchRoot: rooms.scratchRoot });
}

const mayUse = {
  mariadb: isProvided(hasMariadb, MARIADB_NEEDED),
  redis: isProvided(hasRedis, REDIS_NEEDED),
};

describe.skipIf(!mayUse.mariadb)('an encrypted connection to MariaDB', { timeout: 120_000 }, () => {
  const shop = { name: 'shop', host: 'localhost', user: 'reader', database: 'shop' };

  it('is asked for, and the server is known by its certificate', async () => {
    const { key, cert } = await makeCertificate(rooms.root, 'server');
    const other = await makeCertificate(rooms.root, 'other');
    const server = await startMariadb([`--ssl-key=${key}`, `--ssl-cert=${cert}`]);
    onTestFinished(() => server.stop());
    server.sql(`CREATE DATABASE shop; CREATE USER reader@'%' REQUIRE SSL;
      GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO reader@'%'`);
    const { port } = server;
    await dump(mysqlSource({ ...shop, port, tls: true, caFile: cert }));
    const wrong = dump(mysqlSource({ ...shop, port, tls: true, caFile: other.cert }));
    await expect(wrong).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  });

  it('is not given up where the server has none', async () => {
    const server = await startMariadb();
    onTestFinished(() => server.stop());
    server.sql(
      `CREATE DATABASE shop; CREATE USER reader@'%'; GRANT SELECT, EVENT ON *.* TO reader@'%'`,
    );
    const { port } = server;
    await dump(mysqlSource({ ...shop, port }));
    const refused = dump(mysqlSource({ ...shop, port, tls: true }));
    await expect(refused).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining('SSL is required'),
    });
  });
});

describe.skipIf(!mayUse.redis)('an encrypted connection to Redis', { timeout: 120_000 }, () => {
  it('is asked for, and the server is known by its certificate', async () => {
    const { key, cert } = await makeCertificate(rooms.root, 'server');
    const other = await makeCertificate(rooms.root, 'other');
    const port = await freePort();
    const settings = {
      'tls-port': String(port),
      'tls-key-file': key,
      'tls-cert-file': cert,
      'tls-ca-cert-file': cert,
      'tls-auth-clients': 'no',
    };
    const server = await startRedis({ settings });
    onTestFinished(() => server.stop());
    const cache = { name: 'cache', host: 'localhost', port };
    await dump(redisSource({ ...cache, tls: true, caFile: cert }));
    const unreachable = { code: 'SOURCE_UNREACHABLE' };
    const wrong = dump(redisSource({ ...cache, tls: true, caFile: other.cert }));
    await expect(wrong).rejects.toMatchObject(unreachable);
    await expect(dump(redisSource(cache))).rejects.toMatchObject(unreachable);
  });
});
