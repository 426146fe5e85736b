import { beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryObjectStore, secret } from '@holdfast/core';
import { type Child, isAlive, startChild } from '@holdfast/core/process';
import {
  createBackup,
  type MysqlOptions,
  mysqlSource,
  mysqlTarget,
  sourceOfKind,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { keysOf, leftIn } from '../support/rooms.ts';
import { canRun, mysqlRooms, PASSWORD } from './rooms.ts';
import { makeShop } from './shop.ts';

describe.skipIf(!canRun)('a MariaDB source', { timeout: 120_000 }, () => {
  const place = mysqlRooms(makeShop);
  beforeEach(() => makeShop(place.server));

  it('says what a server refuses, and what is not there', async () => {
    vi.stubEnv('WRONG', 'wrong');
    const login = { code: 'SOURCE_LOGIN_REFUSED', retryable: false };
    await expect(place.dump({ password: secret('env:WRONG') })).rejects.toMatchObject(login);
    await expect(place.dump({ user: 'nobody else' })).rejects.toMatchObject(login);
    await expect(place.dump({ database: 'none' })).rejects.toMatchObject({
      code: 'SOURCE_MISSING',
    });
    await expect(place.dump({ port: 1 })).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await expect(place.dump({ host: '/nowhere/s' })).rejects.toMatchObject({
      code: 'SOURCE_UNREACHABLE',
    });
    expect(await leftIn(place.rooms.scratchRoot)).toEqual([]);
  });

  it.each([
    'a#b',
    'a\\nb\\',
    '"',
    "'",
    ' spaces ',
    'tab\tnew\nline',
    'ü😀',
    ';[client]',
    '%s$(id)`id`',
    'colons::',
    '-x',
  ])('logs in with the password %j, through a socket too', async (password) => {
    const quoted = `'${password.replaceAll(/['\\]/g, (char) => `\\${char}`)}'`;
    const { sql, socket } = place.server;
    sql(`CREATE OR REPLACE USER 'odd "user\\\\'@'localhost' IDENTIFIED BY ${quoted};
        GRANT ALL ON *.* TO 'odd "user\\\\'@'localhost'`);
    vi.stubEnv('ODD', password);
    const user = 'odd "user\\';
    const { backup } = await place.dump({ host: socket, user, password: secret('env:ODD') });
    expect(backup.source.kind).toBe('mysql');
  });

  it.each([
    'a b',
    "o'x",
    '-x',
    '--help',
    'a`b"c',
    'ünïcode',
    'semi;colon',
    '$(id)',
    'under_score%',
    'line\nfeed',
  ])('dumps and proves the database %j, without tables', async (database) => {
    const name = `\`${database.replaceAll('`', '``')}\``;
    place.server.sql(`CREATE OR REPLACE DATABASE ${name}`);
    const { store, backup, scratchRoot } = await place.dump({ database });
    const record = await verifyBackup({ backup, store, scratchRoot, level: 'readable' });
    expect(record.reached).toBe('readable');
    place.server.sql(`DROP DATABASE ${name}`);
  });

  it('proves a database without tables, whose name is odd', async () => {
    place.server.sql('CREATE OR REPLACE DATABASE `-a ``b"\'ü`');
    const { store, backup, scratchRoot } = await place.dump({ database: '-a `b"\'ü' });
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ reached: 'restored', compared: { tables: 0, rows: 0 } });
  });

  it('warns of tables without transactions or with a history, and of rights that are lacking', async () => {
    const { sql } = place.server;
    sql('CREATE TABLE old (i INT) ENGINE=MyISAM; INSERT INTO old VALUES (1), (2)', 'shop');
    sql(
      'CREATE TABLE past (i INT) WITH SYSTEM VERSIONING; INSERT INTO past VALUES (1); UPDATE past SET i = 2',
      'shop',
    );
    sql("CREATE OR REPLACE USER less@'%'; GRANT SELECT, SHOW VIEW, EVENT ON *.* TO less@'%'");
    const { password: _, ...rest } = place.source({ user: 'less' });
    const store = memoryObjectStore();
    const { scratchRoot } = place.rooms;
    const backup = await createBackup({ source: rest, store, storeName: 's', scratchRoot });
    expect(backup.warnings).toEqual([
      '1 tables have no transactions, and are as they were when each was read: old.',
      'The history of 1 tables is not in the dump: past.',
      'The user has no right TRIGGER, unless by a role: triggers may be missing in the dump.',
    ]);
  });

  it('proves a backup with a view that could not be read at its source either', async () => {
    const { sql } = place.server;
    sql(
      'CREATE USER brief@x; CREATE DEFINER=brief@x VIEW orphan AS SELECT id FROM orders; DROP USER brief@x',
      'shop',
    );
    const { store, backup, scratchRoot } = await place.dump();
    expect(backup.warnings).toEqual([expect.stringContaining('The view orphan cannot be read: ')]);
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('names a view that refers to nothing: the server gives no dump of it', async () => {
    const { sql } = place.server;
    sql(
      'CREATE TABLE gone (i INT); CREATE VIEW broken AS SELECT i FROM gone; DROP TABLE gone',
      'shop',
    );
    await expect(place.dump()).rejects.toMatchObject({
      code: 'DUMP_CORRUPT_SOURCE',
      retryable: false,
      message: expect.stringContaining('shop.broken'),
    });
  });

  it('refuses routines whose text it is not shown', async () => {
    place.server.sql(
      "CREATE OR REPLACE USER less@'%'; GRANT SELECT, SHOW VIEW, EVENT, TRIGGER, EXECUTE ON shop.* TO less@'%'",
    );
    const { password: _, ...rest } = place.source({ user: 'less' });
    const { scratchRoot } = place.rooms;
    const made = createBackup({
      source: rest,
      store: memoryObjectStore(),
      storeName: 's',
      scratchRoot,
    });
    await expect(made).rejects.toMatchObject({
      code: 'SOURCE_LOGIN_REFUSED',
      message: expect.stringContaining('is not shown'),
    });
  });

  it('publishes nothing when its schema changes meanwhile, or its connection is cut', async () => {
    const meanwhile =
      (change: (child: Child) => Promise<void>): StartChild =>
      async (command, options) => {
        const child = await startChild(command, options);
        if (command === 'mariadb-dump' && options?.args?.includes('shop') === true)
          await change(child);
        return child;
      };
    const altered = meanwhile(async (child) => {
      await expect.poll(() => child.stderrTail(), { timeout: 20_000 }).toContain('Retrieving');
      place.server.sql('CREATE TABLE newer (i INT)', 'shop');
    });
    await expect(place.dump({}, altered)).rejects.toMatchObject({ code: 'DUMP_INCOMPLETE' });
    const killed = meanwhile((child) => {
      process.kill(child.identity.pid, 'SIGKILL');
      return Promise.resolve();
    });
    await expect(place.dump({}, killed)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(await leftIn(place.rooms.scratchRoot)).toEqual([]);
  });

  it('is not published without its footer', async () => {
    const headed: StartChild = (command, options) =>
      command === 'mariadb-dump' && options?.args?.includes('shop') === true
        ? startChild('echo', { ...options, args: ['CREATE TABLE t (i INT);'] })
        : startChild(command, options);
    await expect(place.dump({}, headed)).rejects.toMatchObject({ code: 'DUMP_INCOMPLETE' });
  });

  it('is given up, with all that it started', async () => {
    const abort = new AbortController();
    const reason = new Error('window closed');
    const children: Child[] = [];
    const store = memoryObjectStore();
    const made = createBackup({
      source: place.source(),
      store,
      storeName: 's',
      scratchRoot: place.rooms.scratchRoot,
      signal: abort.signal,
      startChild: async (command, options) => {
        const child = await startChild(command, options);
        children.push(child);
        if (options?.args?.includes('shop') === true) abort.abort(reason);
        return child;
      },
    });
    await expect(made).rejects.toBe(reason);
    expect(new Set(children.map(({ identity }) => isAlive(identity)))).toEqual(new Set(['dead']));
    expect(await keysOf(store)).toEqual([]);
    expect(
      place.server.sql(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'back up' AND COMMAND <> 'Sleep'",
      ),
    ).toBe('0');
  });

  it('says before the night what is wrong', async () => {
    const room = {
      scratch: place.rooms.root,
      signal: new AbortController().signal,
      startChild,
      secret: () => Promise.resolve(PASSWORD),
    };
    const mysql = sourceOfKind('mysql');
    expect(await mysql.preflight?.(place.source(), room)).toEqual([]);
    expect(await mysql.preflight?.(place.source({ database: 'none' }), room)).toMatchObject([
      { code: 'SOURCE_MISSING', severity: 'error' },
    ]);
    place.server.sql('CREATE TABLE old (i INT) ENGINE=MyISAM', 'shop');
    expect(await mysql.preflight?.(place.source(), room)).toMatchObject([
      { code: 'SOURCE_WARNING', severity: 'warning' },
    ]);
  });
});

describe('mysqlSource and mysqlTarget', () => {
  const whole = { name: 'shop', user: 'u', database: 'shop' };

  it.each<Partial<MysqlOptions>>([
    { host: '' },
    { host: 'a b' },
    { port: 0 },
    { port: 70_000 },
    { user: '' },
    { user: 'a\0b' },
    { password: 'plain' as never },
    { caFile: 'relative' },
    { database: '' },
    { database: 'mysql' },
    { database: 'Information_Schema' },
    { database: 'x'.repeat(65) },
    { database: 'emoji 😀' },
    { database: 'space at its end ' },
  ])('refuse %j', (more) => {
    const invalid = expect.objectContaining({ code: 'OPTIONS_INVALID' });
    expect(() => mysqlSource({ ...whole, ...more })).toThrow(invalid);
    expect(() => mysqlTarget({ ...whole, ...more })).toThrow(invalid);
  });

  it('refuses a name that is none', () => {
    expect(() => mysqlSource({ ...whole, name: '../x' })).toThrow(
      expect.objectContaining({ code: 'BACKUP_NAME_INVALID' }),
    );
  });
});
