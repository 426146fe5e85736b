import { describe } from 'vitest';
import { mysqlSource, sourceOfKind } from '@holdfast/backups';
import { sourceContract } from '@holdfast/backups/testing';
import { secret } from '@holdfast/core';
import { canRun, mysqlRooms, PASSWORD, USER } from './rooms.ts';
import { makeShop } from './shop.ts';

describe.skipIf(!canRun)('with mariadbd', () => {
  const place = mysqlRooms(makeShop);

  sourceContract('MariaDB', () => {
    const { server } = place;
    makeShop(server);
    const password = secret('env:MYSQL_TEST_PASSWORD');
    const address = { name: 'shop', user: USER, password, database: 'shop' };
    return Promise.resolve({
      source: sourceOfKind('mysql'),
      spec: mysqlSource({ ...address, port: server.port }),
      missing: mysqlSource({ ...address, port: 1 }),
      lose: () => server.sql('DELETE FROM orders WHERE id = 7', 'shop'),
      damage: (copy) => copy.query('DELETE FROM orders WHERE id = 9'),
      secrets: { 'env:MYSQL_TEST_PASSWORD': PASSWORD },
      close: () => undefined,
    });
  });
});
