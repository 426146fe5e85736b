import { spawn } from 'node:child_process';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { secret } from '@holdfast/core';
import { mysqlTarget, restoreFromStore } from '@holdfast/backups';
import { canRun, mysqlRooms } from './rooms.ts';
import { makeShop } from './shop.ts';

const CLIENT = '/usr/bin/mariadb';

const AWKWARD = [
  'two  spaces',
  `quotes ' " \``,
  '-rf',
  '--force',
  'line\nfeed',
  String.raw`back\slash`,
  'ü'.repeat(64),
  'semi;colon -- # %',
];

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

function keptOf(replaced: string | undefined): string {
  return decodeURIComponent(new URL(replaced ?? '').pathname.slice(1));
}

describe.skipIf(!canRun)(
  'a restore of MariaDB over what stands there',
  { timeout: 120_000 },
  () => {
    const place = mysqlRooms(makeShop);
    const sql = (statements: string, database?: string) => place.server.sql(statements, database);
    const databases = (): string[] =>
      JSON.parse(
        sql('SELECT JSON_ARRAYAGG(SCHEMA_NAME) FROM information_schema.SCHEMATA'),
      ) as string[];

    beforeEach(() => {
      makeShop(place.server);
      const own = /^(information_schema|mysql|performance_schema|sys|shop)$/;
      for (const name of databases().filter((one) => !own.test(one))) {
        sql(`SET foreign_key_checks = 0; DROP DATABASE ${quoted(name)}`);
      }
      sql(
        "CREATE USER IF NOT EXISTS restorer@'%' IDENTIFIED BY 'r'; GRANT ALL ON *.* TO restorer@'%' WITH GRANT OPTION",
      );
      vi.stubEnv('RESTORER', 'r');
    });

    function target(database: string) {
      const { host, port } = place.server;
      return mysqlTarget({
        host,
        port,
        user: 'restorer',
        password: secret('env:RESTORER'),
        database,
      });
    }

    /** Everything of a database, as statements of its own. */
    function contentsOf(database: string): string {
      const lists = [
        ['TABLES', 'TABLE_SCHEMA', 'TABLE_NAME, TABLE_TYPE'],
        ['TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME, ACTION_STATEMENT, DEFINER'],
        ['ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_NAME, ROUTINE_DEFINITION, DEFINER'],
        ['EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME, EVENT_DEFINITION, DEFINER'],
        ['KEY_COLUMN_USAGE', 'TABLE_SCHEMA', 'TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME'],
      ].map(
        ([table, schema, columns]) =>
          `SELECT '${table}', ${columns} FROM information_schema.${table} WHERE ${schema} = DATABASE() ORDER BY 2, 3`,
      );
      return sql(
        [
          ...lists,
          'CHECKSUM TABLE orders, customers, empty EXTENDED',
          'SELECT MAX(id) FROM owned',
        ].join(';'),
        database,
      ).replaceAll(`${database}.`, '');
    }

    it('keeps all that was there under another name: tables, keys, views, triggers, routines, events', async () => {
      const { store, backup } = await place.dump();
      makeShop(place.server, 'old');
      sql('DELETE FROM orders WHERE id > 100; CREATE VIEW more AS SELECT twice(1) AS two', 'old');
      const [before, source] = [contentsOf('old'), contentsOf('shop')];
      const restored = await restoreFromStore({
        backup,
        store,
        to: target('old'),
        overwrite: true,
      });
      const kept = keptOf(restored.replaced);
      expect(kept).toMatch(/^old_before_\d{8}t\d{6}z_[0-9a-f]{4}$/);
      expect(contentsOf('old')).toBe(source);
      expect(contentsOf(kept)).toBe(before);
      expect(sql('SELECT two FROM more', kept)).toBe('2');
      expect(sql('SELECT NEXTVAL(numbers)', 'old')).toBe('7');
      expect(databases().filter((name) => name.startsWith('holdfast'))).toEqual([]);
    });

    it('restores single tables alone, without keys to others, and refuses one that it has not', async () => {
      const { store, backup } = await place.dump();
      const tables = ['orders', 'odd \'na"me;\n-- with \\ everything'];
      await restoreFromStore({ backup, store, to: target('some'), tables });
      expect(sql('SELECT COUNT(*) FROM orders', 'some')).toBe('2002');
      expect(
        JSON.parse(
          sql(
            "SELECT JSON_ARRAYAGG(TABLE_NAME) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'some'",
          ),
        ),
      ).toEqual(expect.arrayContaining(tables));
      expect(
        sql("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'some'"),
      ).toBe('2');
      // Nothing is left to refer to.
      sql('INSERT INTO orders (customer) VALUES (4711)', 'some');
      const missing = restoreFromStore({ backup, store, to: target('none'), tables: ['nothing'] });
      await expect(missing).rejects.toMatchObject({ code: 'RESTORE_TABLE_UNKNOWN' });
      expect(databases().filter((name) => /^holdfast|^none/.test(name))).toEqual([]);
    });

    it('does not take the place of a database that somebody uses', async () => {
      const { store, backup } = await place.dump();
      makeShop(place.server, 'used');
      const before = contentsOf('used');
      const user = spawn(CLIENT, [
        '--no-defaults',
        `--socket=${place.server.socket}`,
        '--user=root',
        '-N',
        'used',
      ]);
      onTestFinished(() => void user.kill());
      user.stdin.write('SELECT 1;\n');
      const connected = () =>
        sql("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = 'used'");
      await expect.poll(connected, { timeout: 20_000 }).toBe('1');
      const restored = restoreFromStore({ backup, store, to: target('used'), overwrite: true });
      await expect(restored).rejects.toMatchObject({
        code: 'RESTORE_TARGET_BUSY',
        retryable: true,
      });
      expect(contentsOf('used')).toBe(before);
      expect(databases().filter((name) => /^holdfast|used_before/.test(name))).toEqual([]);
    });

    it('leaves all as it was when tables cannot be moved', async () => {
      const { store, backup } = await place.dump();
      makeShop(place.server, 'old');
      // A table whose name is taken where the old ones go to.
      sql('CREATE TABLE holdfast_definitions (i INT)', 'old');
      const before = contentsOf('old');
      const restored = restoreFromStore({ backup, store, to: target('old'), overwrite: true });
      await expect(restored).rejects.toMatchObject({
        message: expect.stringContaining("'holdfast_definitions' already exists"),
      });
      expect(contentsOf('old')).toBe(before);
      expect(databases().filter((name) => /^holdfast|old_before/.test(name))).toEqual([]);
    });

    it.each(AWKWARD)(
      'takes the name %j, for a source, for a target, and for what is kept',
      async (name) => {
        makeShop(place.server);
        sql(`CREATE DATABASE ${quoted(name)}`);
        sql(
          'CREATE TABLE t (id INT); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT id FROM t',
          name,
        );
        const { store, backup } = await place.dump({ database: name });
        const restored = await restoreFromStore({
          backup,
          store,
          to: target(name),
          overwrite: true,
        });
        expect(sql('SELECT id FROM v', name)).toBe('1');
        expect(sql('SELECT id FROM v', keptOf(restored.replaced))).toBe('1');
      },
    );
  },
);
