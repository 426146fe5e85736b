import { describe, expect, it } from 'vitest';
import { secret } from '@holdfast/core';
import { postgresSource, type PostgresSourceOptions, postgresTarget } from '@holdfast/backups';

const base = { name: 'shop', user: 'backup', databases: 'shop' };

describe('a PostgreSQL source', () => {
  it('is plain data with the defaults in their places, and never holds a password', () => {
    const spec = postgresSource({ ...base, password: secret('env:PGPASSWORD') });
    expect(spec).toEqual({
      kind: 'postgres',
      name: 'shop',
      host: 'localhost',
      port: 5432,
      user: 'backup',
      password: secret('env:PGPASSWORD'),
      databases: ['shop'],
      globals: 'without-passwords',
      lockWait: 60_000,
      jobs: 1,
      hashUpTo: 1024 ** 3,
    });
    expect(JSON.stringify(spec)).toContain('Secret(env:PGPASSWORD)');
    expect(postgresSource({ ...base, databases: 'all' }).databases).toBe('all');
  });

  const wrong: readonly (readonly [string, Partial<PostgresSourceOptions>, string])[] = [
    ['a name that is no file name', { name: 'a/b' }, 'BACKUP_NAME_INVALID'],
    ['no database', { databases: [] }, 'OPTIONS_INVALID'],
    ['a database twice', { databases: ['a', 'b', 'a'] }, 'OPTIONS_INVALID'],
    ['a template', { databases: ['template1'] }, 'OPTIONS_INVALID'],
    ['an empty name of a database', { databases: [''] }, 'OPTIONS_INVALID'],
    ['a NUL in a name', { databases: ['a\0b'] }, 'OPTIONS_INVALID'],
    ['an empty user', { user: '' }, 'OPTIONS_INVALID'],
    ['an empty host', { host: '' }, 'OPTIONS_INVALID'],
    ['a port that is none', { port: 0 }, 'OPTIONS_INVALID'],
    ['a port beyond the last', { port: 70_000 }, 'OPTIONS_INVALID'],
    ['a lock that is waited for for no time that is one', { lockWait: 'soon' }, 'DURATION_INVALID'],
    ['no process to dump with', { jobs: 0 }, 'OPTIONS_INVALID'],
    ['less than nothing to hash', { hashUpTo: -1 }, 'OPTIONS_INVALID'],
  ];

  it.each(wrong)('is refused with %s', (_what, options, code) => {
    const make = () => postgresSource({ ...base, ...options });
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('a PostgreSQL server', () => {
  it('takes every part of an address as it is given', () => {
    const address = {
      host: 'db.example',
      port: 5433,
      user: 'backup',
      password: secret('env:PGPASSWORD'),
      tls: { mode: 'verify-full', rootCert: '/ca.pem' },
      programs: '/opt/pgsql/bin',
    } as const;
    expect(postgresSource({ ...base, ...address })).toMatchObject(address);
    const target = { ...address, maintenance: 'defaultdb' };
    expect(postgresTarget(target)).toMatchObject(target);
  });
});

describe('a PostgreSQL target', () => {
  it('is plain data with the defaults in their places', () => {
    expect(postgresTarget({ user: 'admin', tls: { mode: 'verify-full' } })).toEqual({
      kind: 'postgres',
      host: 'localhost',
      port: 5432,
      user: 'admin',
      tls: { mode: 'verify-full' },
      roles: 'ignore',
      maintenance: 'postgres',
    });
    const refused = expect.objectContaining({ code: 'OPTIONS_INVALID' });
    expect(() => postgresTarget({ user: 'admin', database: '' })).toThrow(refused);
    expect(() => postgresTarget({ user: 'admin', port: -1 })).toThrow(refused);
  });
});
