import { beforeEach, describe, expect, it } from 'vitest';
import { createEngine, flow, memoryObjectStore, memoryRunStore } from '@holdfast/core';
import { startChild } from '@holdfast/core/process';
import {
  dumpMysql,
  listBackups,
  type MysqlSpec,
  type StartChild,
  verifyBackup,
} from '@holdfast/backups';
import { bytesOf, leftIn } from '../support/rooms.ts';
import { canRun, type Dumped, mysqlRooms, PASSWORD } from './rooms.ts';
import { makeShop } from './shop.ts';

async function databaseOf({ store }: Dumped) {
  const { fingerprint } = (await listBackups(store)).backups[0]!.manifest;
  if (fingerprint.kind !== 'server') throw new Error('no server');
  return fingerprint.databases[0]!;
}

describe.skipIf(!canRun)('a MariaDB source', { timeout: 120_000 }, () => {
  const place = mysqlRooms(makeShop);
  beforeEach(() => makeShop(place.server));

  it('comes back as it was', async () => {
    const dumped = await place.dump();
    const { store, backup, scratchRoot } = dumped;
    expect(backup.warnings).toEqual([]);
    const record = await verifyBackup({ backup, store, scratchRoot });
    expect(record).toMatchObject({ reached: 'restored', compared: { tables: 4, rows: 2008 } });
    expect(await leftIn(scratchRoot)).toEqual([]);
    expect(await databaseOf(dumped)).toMatchObject({
      database: 'shop',
      tables: expect.arrayContaining([{ table: 'orders', rows: 2002 }]),
      objects: [
        { objects: 'events', count: 1 },
        { objects: 'routines', count: 2 },
        { objects: 'sequences', count: 1 },
        { objects: 'triggers', count: 1 },
        { objects: 'views', count: 2 },
      ],
    });
  });

  it('can be asked, once it is restored into its scratch server', async () => {
    const { store, backup, scratchRoot } = await place.dump();
    const answers: unknown[] = [];
    await verifyBackup({
      backup,
      store,
      scratchRoot,
      check: async ({ query, server }) => {
        answers.push(server.database);
        answers.push(
          ...(await query('SELECT name, NULL AS nothing, "" AS e FROM customers ORDER BY id')),
        );
        answers.push(...(await query("SELECT 1 FROM orders WHERE id = 'none'")));
        answers.push(...(await query('SELECT COUNT(*) AS `a<b` FROM owned; ')));
      },
    });
    expect(answers).toEqual([
      'shop',
      { name: 'Ada', nothing: null, e: '' },
      { name: 'Grace 😀', nothing: null, e: '' },
      { name: `O'Hara \\ "x"`, nothing: null, e: '' },
      { 'a<b': '2002' },
    ]);
  });

  it('counts in snapshots around that of the dump: what is written between them gives a range', async () => {
    const writing: StartChild = async (command, options) => {
      if (command === 'mariadb-dump' && options?.args?.includes('shop') === true) {
        place.server.sql("INSERT INTO customers (name) VALUES ('late')", 'shop');
      }
      return startChild(command, options);
    };
    const dumped = await place.dump({}, writing);
    const { store, backup, scratchRoot } = dumped;
    const { tables } = await databaseOf(dumped);
    expect(tables).toContainEqual({ table: 'customers', rows: 3, most: 4 });
    expect(tables).toContainEqual({ table: 'orders', rows: 2002 });
    expect(backup.warnings).toEqual([
      '1 tables were written to as the dump began; their rows are known as ranges: customers.',
    ]);
    await verifyBackup({ backup, store, scratchRoot });
  });

  it('does not count what is written while it is dumped', async () => {
    let written = false;
    const slow: StartChild = async (command, options) => {
      const child = await startChild(command, options);
      if (command !== 'mariadb-dump' || written || options?.args?.includes('shop') !== true)
        return child;
      // The snapshot was taken once something of the dump is said.
      await expect.poll(() => child.stderrTail(), { timeout: 20_000 }).toContain('Retrieving');
      place.server.sql("INSERT INTO customers (name) VALUES ('after')", 'shop');
      written = true;
      return child;
    };
    const dumped = await place.dump({}, slow);
    expect(written).toBe(true);
    const { tables } = await databaseOf(dumped);
    const customers = tables.find(({ table }) => table === 'customers');
    expect(customers?.rows).toBe(3);
    await verifyBackup({
      backup: dumped.backup,
      store: dumped.store,
      scratchRoot: dumped.scratchRoot,
    });
  });

  it('goes through the task', async () => {
    const store = memoryObjectStore();
    const nightly = flow(
      (source: MysqlSpec, scratchRoot: string) =>
        dumpMysql({ source, store: 'primary', scratchRoot }),
      { name: 'nightly-shop' },
    );
    const engine = createEngine({ store: memoryRunStore(), resources: { primary: store } });
    const backup = await engine.run(nightly, [place.source(), place.rooms.scratchRoot]);
    await engine.stop();
    const manifest = (await bytesOf(store, `${backup.path}manifest.json`)).toString();
    expect(manifest).not.toContain(JSON.stringify(PASSWORD).slice(1, -1));
    expect(JSON.parse(manifest)).toMatchObject({
      source: {
        identity: { database: 'shop', flavor: 'MariaDB', charset: 'utf8mb4', brokenViews: [] },
      },
      tools: expect.arrayContaining([expect.objectContaining({ name: 'mariadb-dump' })]),
    });
  });

  it('compares the content of tables where it is told to', async () => {
    const dumped = await place.dump({ checksums: true });
    const { store, backup, scratchRoot } = dumped;
    const { objects } = await databaseOf(dumped);
    expect(objects.filter((one) => one.objects.startsWith('content of'))).toHaveLength(4);
    await verifyBackup({ backup, store, scratchRoot });
  });
});
