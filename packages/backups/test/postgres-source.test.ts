import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  listBackups,
  postgresSource,
  restoreFromStore,
  type ServerDatabase,
  verifyBackup,
} from '@holdfast/backups';
import { replacing } from './support/liar-programs.ts';
import { canRun, type Dumped, postgresRooms } from './support/postgres-rooms.ts';
import { bytesOf, keysOf, leftIn } from './support/rooms.ts';
import { SHOP } from './support/shop.ts';

const pg = postgresRooms((server) => {
  server.sql('CREATE ROLE clerk LOGIN');
  server.createDatabase('shop');
  server.sql(`${SHOP} GRANT SELECT ON orders TO clerk; ALTER TABLE events OWNER TO clerk`, 'shop');
  server.createDatabase('idle');
});

async function contentsOf({ store }: Dumped): Promise<readonly ServerDatabase[]> {
  const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
  return fingerprint.kind === 'server' ? fingerprint.databases : expect.fail('no server');
}

describe.skipIf(!canRun)('a PostgreSQL source', { timeout: 120_000 }, () => {
  it('comes back in a server of its own, as it was', async () => {
    const { store, backup, scratchRoot } = await pg.dump({});
    const asked: unknown[] = [];
    const record = await verifyBackup({
      backup,
      store,
      scratchRoot,
      check: async (db) => {
        asked.push(...(await db.query('SELECT count(*)::int AS n, current_user FROM orders')));
        asked.push(
          ...(await db.query('SELECT tableowner FROM pg_tables WHERE tablename = $$events$$;')),
        );
        asked.push(
          ...(await db.query(
            'SELECT has_table_privilege($$clerk$$, $$orders$$, $$select$$) AS may',
          )),
        );
      },
    });
    expect(asked).toEqual([
      { n: 300, current_user: 'postgres' },
      { tableowner: 'clerk' },
      { may: true },
    ]);
    expect(record).toMatchObject({ reached: 'restored', compared: { tables: 5, rows: 307 } });
    expect(record.restoreMs).toBeGreaterThan(0);
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('keeps what it held, by its own words, from one snapshot', async () => {
    const [shop] = await contentsOf(await pg.dump({}));
    expect(shop).toMatchObject({ database: 'shop' });
    expect(shop?.tables).toEqual([
      { table: 'public.customers', rows: 2 },
      { table: 'public.empty', rows: 0 },
      { table: 'public.events_2026', rows: 2 },
      { table: 'public.orders', rows: 300 },
      { table: `stock."odd ""name'"`, rows: 3 },
    ]);
    const counts = Object.fromEntries(
      shop?.objects.map(({ objects, count }) => [objects, count]) ?? [],
    );
    expect(counts).toMatchObject({
      'large objects': 1,
      routines: 2,
      sequences: 4,
      triggers: 1,
      views: 2,
    });
    expect(shop?.sequences).toContainEqual({
      sequence: 'public.invoice',
      from: '1005',
      to: '1005',
    });
    expect(shop?.sequences).toContainEqual({ sequence: 'public.countdown', from: '-1', to: '-1' });
  });

  it('counts in the snapshot that it dumps, while others write, and lets sequences move on', async () => {
    pg.server.createDatabase('busy');
    pg.server.sql('CREATE TABLE ledger (id bigserial, note text)', 'busy');
    pg.server.sql(
      "INSERT INTO ledger (note) SELECT repeat('x', 200) FROM generate_series(1, 50000)",
      'busy',
    );
    const writer = spawn(join(pg.server.bin, 'psql'), ['-q', '-d', pg.server.url('busy')], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    onTestFinished(() => void writer.kill());
    // It is killed while it has statements left.
    writer.stdin.on('error', () => undefined);
    writer.stdin.write("INSERT INTO ledger (note) VALUES ('new');\n".repeat(20_000));
    writer.stdin.write('INSERT INTO ledger (note) SELECT repeat($$y$$, 10) RETURNING id;\n');
    const { store, backup, scratchRoot } = await pg.dump({ databases: 'busy' });
    await verifyBackup({ backup, store, scratchRoot });
    writer.stdin.end();
    writer.kill();
    await once(writer, 'exit');
  });

  it('dumps every database that is no template, each for itself', async () => {
    const dumped = await pg.dump({ databases: 'all' });
    const names = (await contentsOf(dumped)).map(({ database }) => database);
    expect(names).toEqual(pg.databases().filter((name) => !name.startsWith('template')));
    const record = await verifyBackup({
      ...dumped,
      check: ({ server }) => {
        expect(Object.keys(server.databases)).toEqual(names);
      },
    });
    expect(record.reached).toBe('restored');
  });

  it('is nothing when its program fails at the end, and says what that said', async () => {
    const bin = join(pg.rooms.root, 'bin');
    const script = '"$REAL" "$@"; echo "pg_dump: error: the disk is on fire" >&2; exit 1';
    const programs = await replacing(pg.server.bin, 'pg_dump', script, bin);
    const dumped = pg.dump({ programs });
    await expect(dumped).rejects.toMatchObject({
      code: 'DUMP_FAILED',
      message: expect.stringContaining('the disk is on fire'),
    });
  });

  it('is dumped by several processes at once into a tar, and proven and restored from that', async () => {
    const { store, backup, scratchRoot } = await pg.dump({ jobs: 3 });
    expect((await keysOf(store)).some((key) => key.endsWith('/shop.dump.tar.zst'))).toBe(true);
    await verifyBackup({ backup, store, scratchRoot });
    const to = pg.target({ database: 'from tar' });
    await restoreFromStore({ store, set: 'shop', to, scratchRoot });
    expect(pg.server.sql('SELECT count(*) FROM orders', 'from tar')).toBe('300');
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('is told how many processes may dump, within reason', () => {
    for (const jobs of [0, 1.5, 65, Number.NaN]) {
      const make = () => postgresSource({ name: 'shop', user: 'me', databases: 'shop', jobs });
      expect(make).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }));
    }
  });

  it('counts more tables and sequences than one statement is about', async () => {
    pg.server.createDatabase('several');
    pg.server.sql(
      `DO $$ BEGIN FOR n IN 1..230 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT generate_series(1, %s)', n, n);
        EXECUTE format('CREATE SEQUENCE s%s START %s', n, n); END LOOP; END $$`,
      'several',
    );
    const [contents] = await contentsOf(await pg.dump({ databases: 'several' }));
    const rows = (contents?.tables ?? []).map(({ table, rows: n }) => [table, `public.t${n}`]);
    expect(rows).toHaveLength(230);
    expect(rows.filter(([table, expected]) => table !== expected)).toEqual([]);
    expect(contents?.sequences).toHaveLength(230);
    const far = { sequence: 'public.s217', from: '216', to: '216' };
    expect(contents?.sequences).toContainEqual(far);
  });

  it('waits for a lock as long as it is told, and says that somebody holds it', async () => {
    pg.server.createDatabase('locked');
    pg.server.sql('CREATE TABLE held (id int)', 'locked');
    const holder = spawn(join(pg.server.bin, 'psql'), [
      '-X',
      '-q',
      '-A',
      '-t',
      pg.server.url('locked'),
    ]);
    onTestFinished(() => void holder.kill());
    holder.stdin.write('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE; SELECT 1;\n');
    await once(holder.stdout, 'data');
    const dumped = pg.dump({ databases: 'locked', lockWait: 50 });
    await expect(dumped).rejects.toMatchObject({ code: 'SOURCE_BUSY', retryable: true });
  });

  it('is refused by programs that are older than the server, before anything is stored', async () => {
    const bin = join(pg.rooms.root, 'old');
    const script = 'echo never >&2; exit 1';
    const programs = await replacing(pg.server.bin, 'pg_dump', script, bin, '9.6.24');
    const dumped = pg.dump({ programs });
    await expect(dumped).rejects.toMatchObject({
      code: 'TOOL_TOO_OLD',
      context: { found: '9.6.24' },
    });
  });

  it('keeps warnings of its programs', async () => {
    const script = 'echo "pg_dump: warning: there are circular constraints" >&2; exec "$REAL" "$@"';
    const programs = await replacing(pg.server.bin, 'pg_dump', script, join(pg.rooms.root, 'bin'));
    const { store } = await pg.dump({ programs });
    const { warnings } = (await listBackups(store)).backups[0]!.manifest;
    expect(warnings).toEqual(['pg_dump: warning: there are circular constraints']);
  });

  it('holds passwords of roles only when it is told to, and no globals at all when it is told so', async () => {
    pg.server.sql("ALTER ROLE clerk PASSWORD 'hidden'");
    const roles = async (globals: 'none' | 'with-passwords' | 'without-passwords') => {
      const { store, backup, scratchRoot } = await pg.dump({ databases: 'idle', globals });
      await verifyBackup({ backup, store, scratchRoot });
      const key = (await keysOf(store)).find((one) => one.endsWith('.roles.sql.zst'));
      return key && zstdDecompressSync(await bytesOf(store, key)).toString();
    };
    expect(await roles('with-passwords')).toMatch(/ALTER ROLE clerk .* PASSWORD 'SCRAM-SHA-256/);
    expect(await roles('without-passwords')).toMatch(/ALTER ROLE clerk (?!.*PASSWORD '|.*SCRAM)/);
    expect(await roles('none')).toBeUndefined();
  });
});
