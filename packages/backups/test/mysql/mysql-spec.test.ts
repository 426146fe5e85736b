import { expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import { mysqlSource, mysqlTarget } from '@holdfast/backups';

it('takes every part of an address as it is given', () => {
  const address = {
    host: 'db.example',
    port: 3307,
    user: 'backup',
    password: secret('env:MYSQL_PASSWORD'),
    tls: true,
    caFile: '/ca.pem',
    database: 'shop',
  };
  expect(mysqlSource({ name: 'shop', ...address })).toMatchObject(address);
  expect(mysqlTarget(address)).toMatchObject(address);
});
