import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listBackups, verifyBackup } from '@holdfast/backups';
import { replacing } from './support/liar-programs.ts';
import { canRun, postgresRooms } from './support/postgres-rooms.ts';
import { SHOP } from './support/shop.ts';

const pg = postgresRooms((server) => {
  server.createDatabase('shop');
  server.sql(SHOP, 'shop');
});

/** Dumps another database than it was told to, and says that it was the right one. */
const OTHER = `export PGDATABASE=shoq
for arg; do shift; case "$arg" in --snapshot=*) ;; *) set -- "$@" "$arg" ;; esac; done
"$REAL" "$@" | LC_ALL=C sed 's/shoq/shop/g'`;

async function verifyLie(script: string, more: object = { scratchServer: pg.target() }) {
  const programs = await replacing(pg.server.bin, 'pg_dump', script, join(pg.rooms.root, 'bin'));
  const dumped = await pg.dump({ programs });
  const verified = verifyBackup({ ...dumped, ...more });
  const error: unknown = await verified.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { backups } = await listBackups(dumped.store);
  return { error, level: backups[0]?.proof.level };
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
    ])('is not proven: without %s', async (_what, mutation, message) => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      pg.server.sql(mutation, 'shoq');
      const { error, level } = await verifyLie(OTHER);
      expect(error).toMatchObject({
        code: 'VERIFY_FAILED',
        message: expect.stringContaining(message),
        context: { problem: 'RESTORE_DIFFERS' },
      });
      expect(level).not.toBe('restored');
    });

    it('is proven when that other one is a true copy', async () => {
      pg.server.sql('DROP DATABASE IF EXISTS shoq');
      pg.server.sql('CREATE DATABASE shoq TEMPLATE shop');
      const { error, level } = await verifyLie(OTHER);
      expect(error).toBeUndefined();
      expect(level).toBe('restored');
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
