import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBackup, postgresSource } from '@holdfast/backups';
import { localObjectStore } from '@holdfast/storage/local';
import { type PostgresServer, startPostgres } from '../../../test/servers/postgres.ts';
import { canRun, postgresRooms } from './support/postgres-rooms.ts';
import { SHOP } from './support/shop.ts';

const run = promisify(execFile);
const AWKWARD = [`it's a "shop" 😀`, '-rf', 'host=nowhere'];

const pg = postgresRooms((server) => {
  server.sql(`CREATE ROLE "the clerk" LOGIN PASSWORD 'secret word'`);
  for (const name of ['shop', ...AWKWARD]) {
    server.sql(`CREATE DATABASE "${name.replaceAll('"', '""')}"`);
  }
  server.sql(`${SHOP} ALTER TABLE events OWNER TO "the clerk"`, 'shop');
  server.sql('CREATE TABLE in_postgres AS SELECT 1 AS one');
});

async function folderOf(databases: string | readonly string[], jobs = 1): Promise<string> {
  const root = join(pg.rooms.root, 'store');
  const { host, port, user } = pg.server;
  const backup = await createBackup({
    source: postgresSource({ name: 'shop', host, port, user, databases, jobs }),
    store: localObjectStore(root),
    storeName: 'primary',
    scratchRoot: pg.rooms.scratchRoot,
  });
  const folder = join(pg.rooms.root, 'usb stick');
  await cp(join(root, backup.path), folder, { recursive: true });
  return folder;
}

/** Pastes the commands of a RESTORE.md into a plain shell, with another server at hand. */
async function paste(folder: string, server: PostgresServer) {
  const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
  const [, commands = 'false'] = /^```sh\n(.*?)^```$/ms.exec(guide) ?? [];
  const env = {
    PATH: `${server.bin}:/usr/bin:/bin`,
    HOME: '/nonexistent',
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: server.user,
  };
  return run('/bin/sh', ['-c', commands], { cwd: folder, env });
}

describe.skipIf(!canRun)('RESTORE.md of PostgreSQL', { timeout: 120_000 }, () => {
  it('brings databases and roles back on a fresh server, with standard tools alone', async () => {
    const folder = await folderOf(['shop', 'postgres', ...AWKWARD]);
    const fresh = await startPostgres();
    onTestFinished(() => fresh.stop());
    const { stdout } = await paste(folder, fresh);
    const lines = stdout.trim().split('\n');
    expect(lines).toContain('ok public.orders');
    expect(lines).toContain(`ok stock."odd ""name'"`);
    expect(lines).toContain('ok public.in_postgres');
    expect(lines.filter((line) => !/^ok\b|: OK$/.test(line))).toEqual([]);
    const owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'events'";
    expect(fresh.sql(owner, 'shop')).toBe('the clerk');
    expect(fresh.sql('SELECT one FROM in_postgres', 'postgres_restored')).toBe('1');
    const names = fresh.sql('SELECT datname FROM pg_database').split('\n');
    expect(names).toEqual(expect.arrayContaining(AWKWARD));
    const password = "SELECT rolpassword FROM pg_authid WHERE rolname = 'the clerk'";
    expect(fresh.sql(password)).toBe('');
    await expect(paste(folder, fresh)).rejects.toMatchObject({ code: 1 });
  });

  it('brings a dump by several processes back', async () => {
    const folder = await folderOf('shop', 2);
    const fresh = await startPostgres();
    onTestFinished(() => fresh.stop());
    const { stdout } = await paste(folder, fresh);
    expect(stdout).toContain('ok public.orders');
    expect(stdout).not.toContain('WRONG');
  });

  it('says so when a row is missing, and stops where a file is damaged', async () => {
    const folder = await folderOf('shop');
    const guide = await readFile(join(folder, 'RESTORE.md'), 'utf8');
    const check = /^psql [^\n]*<<'END_OF_CHECKS'.*?^END_OF_CHECKS$/ms.exec(guide)?.[0] ?? 'false';
    pg.server.sql('DELETE FROM orders WHERE id = 7', 'shop');
    const { host, port, user } = pg.server;
    const env = { PATH: '/usr/bin:/bin', PGHOST: host, PGPORT: String(port), PGUSER: user };
    const { stdout } = await run('/bin/sh', ['-c', check], { env });
    expect(stdout).toContain('WRONG: 299 rows instead of 300 public.orders');
    await run('/bin/sh', ['-c', 'echo x >> shop.dump.zst'], { cwd: folder });
    await expect(paste(folder, pg.server)).rejects.toMatchObject({
      stdout: expect.stringContaining('shop.dump.zst: FAILED'),
    });
  });
});
