import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { restoreFromStore, verifyBackup } from '@holdfast/backups';
import { canRun, postgresRooms } from './support/postgres-rooms.ts';
import { leftIn } from './support/rooms.ts';
import { SHOP } from './support/shop.ts';

const pg = postgresRooms((server) => {
  server.sql('CREATE ROLE clerk LOGIN');
  server.createDatabase('shop');
  server.sql(`${SHOP} ALTER TABLE events OWNER TO clerk; GRANT SELECT ON orders TO clerk`, 'shop');
  server.createDatabase('other');
  server.sql('CREATE TABLE other (id int)', 'other');
});

const rowsIn = (database: string, table = 'orders') =>
  pg.server.sql(`SELECT count(*) FROM ${table}`, database);

describe.skipIf(!canRun)('a PostgreSQL backup', { timeout: 120_000 }, () => {
  it('is proven on a given server, where nothing but the copy comes and goes', async () => {
    const dumped = await pg.dump({});
    const before = pg.databases();
    let during: readonly string[] = [];
    const record = await verifyBackup({
      ...dumped,
      scratchServer: pg.target(),
      check: async (db) => {
        during = pg.databases();
        expect(await db.query('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 300 }]);
      },
    });
    expect(record.reached).toBe('restored');
    expect(during.filter((name) => !before.includes(name))).toEqual([
      expect.stringMatching(/^holdfast_scratch_[0-9a-f]{16}$/),
    ]);
    expect(pg.databases()).toEqual(before);
  });

  it('leaves nothing on a given server when its check fails', async () => {
    const dumped = await pg.dump({});
    const before = pg.databases();
    const verified = verifyBackup({ ...dumped, scratchServer: pg.target(), check: () => false });
    await expect(verified).rejects.toMatchObject({ code: 'VERIFY_FAILED' });
    expect(pg.databases()).toEqual(before);
  });

  it('sweeps scratch databases of dead processes from a given server, and no others', async () => {
    const dead = 'holdfast_scratch_00000000000000aa';
    const elsewhere = 'holdfast_scratch_00000000000000bb';
    const { currentProcess, formatIdentity } = await import('@holdfast/core/process');
    const gone = formatIdentity({ ...currentProcess(), startTime: '1' });
    const away = formatIdentity({ ...currentProcess(), bootId: 'x', hostId: 'y' });
    for (const [name, owner] of [
      [dead, gone],
      [elsewhere, away],
      ['holdfast_own', gone],
    ] as const) {
      pg.server.createDatabase(name);
      pg.server.sql(`COMMENT ON DATABASE ${name} IS '${owner}'`);
    }
    await verifyBackup({ ...(await pg.dump({})), scratchServer: pg.target() });
    expect(pg.databases()).not.toContain(dead);
    expect(pg.databases()).toContain(elsewhere);
    expect(pg.databases()).toContain('holdfast_own');
  });

  it('goes into a database that is new', async () => {
    const { store, scratchRoot } = await pg.dump({});
    const to = pg.target({ database: 'new shop' });
    const restored = await restoreFromStore({ store, set: 'shop', to, scratchRoot });
    expect(restored.to).toBe(`postgres://127.0.0.1:${pg.server.port}/new%20shop`);
    expect(restored.replaced).toBeUndefined();
    expect(rowsIn('new shop')).toBe('300');
    expect(pg.databases().filter((name) => name.startsWith('holdfast_restore'))).toEqual([]);
    const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'events'";
    expect(pg.server.sql(owner, 'new shop')).toBe('postgres');
    const comment =
      "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'new shop'";
    expect(pg.server.sql(comment)).toBe('');
    expect(await leftIn(scratchRoot)).toEqual([]);
  });

  it('keeps owners and rights when it is told to', async () => {
    const { store, scratchRoot } = await pg.dump({});
    const to = pg.target({ database: 'kept', roles: 'keep' });
    await restoreFromStore({ store, set: 'shop', to, scratchRoot });
    const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'events'";
    expect(pg.server.sql(owner, 'kept')).toBe('clerk');
    expect(pg.server.sql("SELECT has_table_privilege('clerk', 'orders', 'select')", 'kept')).toBe(
      't',
    );
  });

  it('takes the place of an empty database, and refuses one that holds anything', async () => {
    const { store, scratchRoot } = await pg.dump({});
    pg.server.createDatabase('waiting');
    const work = { store, set: 'shop', scratchRoot };
    await restoreFromStore({ ...work, to: pg.target({ database: 'waiting' }) });
    expect(rowsIn('waiting')).toBe('300');
    const before = pg.databases();
    for (const database of ['waiting', 'other']) {
      const again = restoreFromStore({ ...work, to: pg.target({ database }) });
      await expect(again).rejects.toMatchObject({ code: 'RESTORE_TARGET_NOT_EMPTY' });
    }
    expect(pg.databases()).toEqual(before);
    expect(rowsIn('other', 'other')).toBe('0');
  });

  it('keeps what it replaces when it is told to overwrite', async () => {
    const { store, scratchRoot } = await pg.dump({});
    const database = 'ü'.repeat(30);
    pg.server.createDatabase(database);
    pg.server.sql('CREATE TABLE older (id int)', database);
    const to = pg.target({ database });
    const restored = await restoreFromStore({
      store,
      set: 'shop',
      to,
      overwrite: true,
      scratchRoot,
    });
    const kept = decodeURIComponent(new URL(restored.replaced ?? '').pathname.slice(1));
    expect(rowsIn(database)).toBe('300');
    expect(rowsIn(kept, 'older')).toBe('0');
  });

  it('does not throw out who uses the database that it is to replace', async () => {
    const { store, scratchRoot } = await pg.dump({});
    pg.server.createDatabase('used');
    pg.server.sql('CREATE TABLE older (id int)', 'used');
    const user = spawn(join(pg.server.bin, 'psql'), [
      '-X',
      '-q',
      '-A',
      '-t',
      pg.server.url('used'),
    ]);
    onTestFinished(() => void user.kill());
    user.stdin.write('SELECT 1;\n');
    await once(user.stdout, 'data');
    const to = pg.target({ database: 'used' });
    const restored = restoreFromStore({ store, set: 'shop', to, overwrite: true, scratchRoot });
    await expect(restored).rejects.toMatchObject({ code: 'RESTORE_TARGET_BUSY', retryable: true });
    expect(rowsIn('used', 'older')).toBe('0');
    expect(pg.databases().filter((name) => /^holdfast_restore|used_before/.test(name))).toEqual([]);
  });

  it('restores single tables, and refuses one that it has not', async () => {
    const { store, scratchRoot } = await pg.dump({});
    const work = { store, set: 'shop', scratchRoot };
    const tables = ['public.events_2026', 'public.empty', `stock."odd ""name'"`];
    await restoreFromStore({ ...work, to: pg.target({ database: 'some' }), tables });
    expect(
      pg.server.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
        'some',
      ),
    ).toBe('empty\nevents_2026');
    expect(rowsIn('some', `stock."odd ""name'"`)).toBe('3');
    // Its types are not among the tables.
    const typed = { ...work, to: pg.target({ database: 'typed' }), tables: ['public.orders'] };
    await expect(restoreFromStore(typed)).rejects.toMatchObject({
      code: 'RESTORE_PREREQUISITE_MISSING',
      message: expect.stringContaining('type "public.state" does not exist'),
    });
    const missing = restoreFromStore({
      ...work,
      to: pg.target({ database: 'none' }),
      tables: ['public.nothing'],
    });
    await expect(missing).rejects.toMatchObject({ code: 'RESTORE_TABLE_UNKNOWN' });
    expect(pg.databases()).not.toContain('none');
  });

  it('with several databases wants to know which one', async () => {
    const { store, scratchRoot } = await pg.dump({ databases: ['shop', 'other'] });
    const work = { store, set: 'shop', scratchRoot };
    const either = restoreFromStore({ ...work, to: pg.target({ database: 'one' }) });
    await expect(either).rejects.toMatchObject({ code: 'RESTORE_TARGET_INVALID' });
    await restoreFromStore({ ...work, to: pg.target({ database: 'one', from: 'other' }) });
    expect(rowsIn('one', 'other')).toBe('0');
  });

  it('says that a role is missing, and not that the backup is damaged', async () => {
    pg.server.createDatabase('guarded');
    pg.server.sql(
      'CREATE ROLE guard; CREATE TABLE g (id int); ALTER TABLE g ENABLE ROW LEVEL SECURITY; CREATE POLICY g ON g TO guard USING (true)',
      'guarded',
    );
    const dumped = await pg.dump({ databases: 'guarded' });
    pg.server.sql('DROP POLICY g ON g; DROP ROLE guard', 'guarded');
    const verified = verifyBackup({ ...dumped, scratchServer: pg.target() });
    await expect(verified).rejects.toMatchObject({ code: 'RESTORE_PREREQUISITE_MISSING' });
  });
});
