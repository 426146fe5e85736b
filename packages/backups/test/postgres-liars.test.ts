import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HoldfastError } from '@holdfast/core';
import { type Difference, listBackups, verifyBackup } from '@holdfast/backups';
import { replacing } from './support/liar-programs.ts';
import { canRun, postgresRooms } from './support/postgres-rooms.ts';
import { SHOP } from './support/shop.ts';

const RIGHTS = `
ALTER TABLE events OWNER TO clerk;
GRANT SELECT, UPDATE ON orders TO clerk WITH GRANT OPTION;
GRANT INSERT (x) ON stock."odd ""name'" TO clerk;
GRANT USAGE ON SCHEMA stock TO clerk;
GRANT SELECT ON LARGE OBJECT 4711 TO clerk;
REVOKE EXECUTE ON FUNCTION total FROM public;
ALTER DEFAULT PRIVILEGES IN SCHEMA stock GRANT SELECT ON TABLES TO clerk;
COMMENT ON COLUMN orders.code IS 'one of three';
COMMENT ON TRIGGER stamp ON orders IS 'when';
`;

const pg = postgresRooms((server) => {
  server.sql('CREATE ROLE clerk; CREATE ROLE boss');
  server.createDatabase('shop');
  server.sql(`${SHOP} ${RIGHTS}`, 'shop');
});

/** Dumps another database than it was told to, and says that it was the right one. */
const OTHER = `export PGDATABASE=shoq
for arg; do shift; case "$arg" in --snapshot=*) ;; *) set -- "$@" "$arg" ;; esac; done
"$REAL" "$@" | LC_ALL=C sed 's/shoq/shop/g'`;

async function verifyLie(script: string, more: object = { scratchServer: pg.target() }) {
  const programs = await replacing(
    pg.server.bin,
    'pg_dump',
    script,
    join(pg.rooms.root, randomUUID()),
  );
  const dumped = await pg.dump({ programs });
  const verified = verifyBackup({ ...dumped, ...more });
  const error: unknown = await verified.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { backups } = await listBackups(dumped.store);
  const proof = backups[0]?.proof;
  return { error, level: proof?.level, proof };
}

describe.skipIf(!canRun)(
  'a dump of PostgreSQL that is not what its source was',
  { timeout: 120_000 },
  () => {
    it.each([
      [
        'a row',
        'DELETE FROM orders WHERE id = 7',
        'table public.orders: expected 300 rows, found 299',
      ],
      ['a table', 'DROP TABLE empty', 'table public.empty: expected 0 rows, found no such table'],
      ['a large object', 'SELECT lo_unlink(4711)', 'large objects: expected 1'],
      [
        'where a sequence stands',
        "SELECT setval('invoice', 1000)",
        'sequence public.invoice: expected at 1005, found at 1000',
      ],
      ['an index', 'DROP INDEX placed', 'indexes: expected 3'],
      ['a view', 'DROP VIEW unpaid', 'views: expected 2'],
      [
        'the body of a function',
        "CREATE OR REPLACE FUNCTION total(who int) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        'routines: expected 2',
      ],
      ['a trigger', 'DROP TRIGGER stamp ON orders', 'triggers: expected 1'],
      [
        'a constraint',
        'ALTER TABLE orders DROP CONSTRAINT orders_code_check',
        'constraints: expected 5',
      ],
      ['a policy', 'DROP POLICY all_of_them ON customers', 'policies: expected 1'],
      ['a column', 'ALTER TABLE events DROP COLUMN id', 'tables: expected 6'],
      ['a value of a type', "ALTER TYPE state RENAME VALUE 'sent' TO 'lost'", 'types: expected 2'],
      [
        'a letter of a value',
        "UPDATE orders SET code = 'a' WHERE id = 7",
        'content of public.orders: expected 300 (',
      ],
      [
        'a value that became none',
        "UPDATE customers SET mail = NULL WHERE name = 'Ada'",
        'content of public.customers: expected 2 (',
      ],
      [
        'a letter of a large object',
        "SELECT lo_put(4711, 2, 'L')",
        'content of large objects: expected 1 (',
      ],
      ['a comment', 'COMMENT ON COLUMN orders.code IS NULL', 'comments: expected 3'],
      [
        'a letter of a comment',
        "COMMENT ON TRIGGER stamp ON orders IS 'When'",
        'comments: expected 3',
      ],
    ])('is not proven: without %s', async (_what, mutation, message) => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      pg.server.sql(mutation, 'shoq');
      const { error, level } = await verifyLie(OTHER);
      expect(error).toMatchObject({
        code: 'VERIFY_FAILED',
        context: { problem: 'RESTORE_DIFFERS' },
      });
      const { differences } = (error as HoldfastError).context as unknown as {
        differences: Difference[];
      };
      const told = differences.map(
        ({ what, expected, found }) => `${what}: expected ${expected}, found ${found}`,
      );
      expect(told).toContainEqual(expect.stringContaining(message));
      expect(level).not.toBe('restored');
    });

    it('is proven when that other one is a true copy', async () => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      for (const place of [{ scratchServer: pg.target() }, {}]) {
        // On a given server nothing is granted, and no rights are compared.
        const { error, level } = await verifyLie(OTHER, place);
        expect(error).toBeUndefined();
        expect(level).toBe('restored');
      }
    });

    it.each([
      ['a grant', 'REVOKE SELECT ON orders FROM clerk CASCADE'],
      ['the right to grant', 'REVOKE GRANT OPTION FOR SELECT ON orders FROM clerk'],
      ['a grant on a column', `REVOKE INSERT (x) ON stock."odd ""name'" FROM clerk`],
      ['a grant on a large object', 'REVOKE SELECT ON LARGE OBJECT 4711 FROM clerk'],
      ['a revocation', 'GRANT EXECUTE ON FUNCTION total TO public'],
      ['an owner', 'ALTER TABLE events OWNER TO boss'],
      [
        'the rights of what will be made',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA stock REVOKE SELECT ON TABLES FROM clerk',
      ],
    ])('is not proven on a server of its own: without %s', async (_what, mutation) => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      pg.server.sql(mutation, 'shoq');
      const { error } = await verifyLie(OTHER, {});
      expect(error).toMatchObject({
        code: 'VERIFY_FAILED',
        message: expect.stringContaining('rights: expected'),
        context: { problem: 'RESTORE_DIFFERS' },
      });
    });

    it('is proven by a sample of its tables where these are what they were', async () => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      pg.server.sql('DELETE FROM orders WHERE id = 7', 'shoq');
      const seeds = ['1', '2', '3', '4', '5', '6'];
      const ends = [];
      for (const seed of seeds) {
        const sample = { share: 0.4, seed };
        const { error, proof } = await verifyLie(OTHER, { scratchServer: pg.target(), sample });
        ends.push(error === undefined ? proof?.sample?.unit : (error as HoldfastError).message);
      }
      // Which of them has the table that lost a row is for their seeds to say.
      expect(ends).toContain('tables');
      expect(ends).toContainEqual(
        expect.stringContaining('table public.orders: expected 300 rows'),
      );
    });

    it.each([
      ['the first bytes alone', 'head -c 3000'],
      ['all but the last bytes', 'head -c -300'],
      ['nothing at all', 'head -c 0'],
      ['a byte of its contents flipped', String.raw`LC_ALL=C sed '0,/Grace/s/Grace/Gra\x00e/'`],
    ])('is not proven: %s, with an exit code of 0', async (_what, cut) => {
      const { error } = await verifyLie(`"$REAL" "$@" | ${cut}`, {});
      expect(error).toMatchObject({ code: 'VERIFY_FAILED' });
    });
  },
);
