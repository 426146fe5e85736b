import { beforeEach, describe, expect, it } from 'vitest';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { postgresRunStore } from '../../src/postgres/index.ts';
import { MIGRATION_NAMES, textsOf } from '../../src/postgres/migrations.ts';
import { canRun, databases, openStore } from './scratch.ts';

const root = sampleFlow(1);

describe.runIf(canRun)('the tables of a run store', () => {
  const kept = databases();
  let database = '';
  let url = '';
  beforeEach(() => {
    database = kept.fresh();
    url = kept.server.url(database);
  });

  function schemas(): string {
    return kept.server.sql(`select nspname from pg_namespace where nspname = 'holdfast'`, database);
  }

  it('are made once by stores that open at the same time', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore(url)));
    await stores[0]?.commit([creation(root)], 'machine');
    expect(await stores[3]?.run(root.id)).toEqual(root);
    const names = kept.server.sql('select name from holdfast.migration order by name', database);
    expect(names.split('\n')).toEqual(MIGRATION_NAMES);
  });

  it('are asked for where they are not to be made, and nothing is made', async () => {
    const store = postgresRunStore({ url, migrate: 'check' });
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_OUTDATED',
      context: { missing: MIGRATION_NAMES },
    });
    expect(schemas()).toBe('');
    await openStore(url);
    const checked = await openStore(url, { migrate: 'check' });
    await checked.commit([creation(root)], 'machine');
    await store.close();
  });

  it('are not looked at where that is told: what lacks shows at the first call', async () => {
    const store = await openStore(url, { migrate: 'off' });
    expect(schemas()).toBe('');
    await expect(store.run(root.id)).rejects.toMatchObject({ code: 'STORE_OUTDATED' });
    await expect(store.commit([creation(root)], 'machine')).rejects.toMatchObject({
      code: 'STORE_OUTDATED',
    });
    await openStore(url);
    expect(await store.commit([creation(root)], 'machine')).toEqual([{ ok: true }]);
  });

  it('of newer software are refused and left as they are', async () => {
    await openStore(url);
    kept.server.sql(`insert into holdfast.migration values ('9999-later', 'now')`, database);
    for (const migrate of ['auto', 'check'] as const) {
      const store = postgresRunStore({ url, migrate });
      await expect(store.open()).rejects.toMatchObject({
        code: 'STORE_NEWER',
        message: expect.stringContaining('9999-later') as string,
      });
    }
    const count = kept.server.sql('select count(*) from holdfast.migration', database);
    expect(Number(count)).toBe(MIGRATION_NAMES.length + 1);
  });

  it('of the first schema are brought forward with what they hold, and its software is refused', async () => {
    const first = textsOf('0001-runs', 'holdfast').join(';\n');
    kept.server.sql(
      `create schema holdfast; ${first};
      create table holdfast.migration (name varchar(255) primary key, timestamp varchar(255) not null);
      create table holdfast.migration_lock (id varchar(255) primary key, is_locked integer not null default 0);
      insert into holdfast.migration values ('0001-runs', '2025-11-01T00:00:00.000Z');
      insert into holdfast.migration_lock values ('migration_lock', 0)`,
      database,
    );
    const by = (known: number, turn: number, write: object): string =>
      `select holdfast.commit(${known}, 'old', ${turn}, true, false, '{}', '[${JSON.stringify(write)}]')`;
    const schedule = { w: 'schedule', expect: 0, name: 'nightly', version: 1, done_until: 1 };
    const old = { ...schedule, paused: 0, updated_at: 1, facts_json: '{}' };
    kept.server.sql(by(1, 1, old), database);
    await expect(openStore(url, { migrate: 'check' })).rejects.toMatchObject({
      code: 'STORE_OUTDATED',
      context: { missing: MIGRATION_NAMES.slice(1) },
    });
    const store = await openStore(url);
    await store.commit([creation(root)], 'machine');
    expect(await store.run(root.id)).toEqual(root);
    expect(
      kept.server.sql('select name, turn from holdfast.schedule, holdfast.writer', database),
    ).toContain('nightly|1');
    expect(() => kept.server.sql(by(1, 2, old), database)).toThrow('the schema is newer');
  });

  it('serve a user who may use them and not make them', async () => {
    await openStore(url);
    kept.server.sql(
      `create role worker login; grant usage on schema holdfast to worker;
      grant select, insert, update, delete on all tables in schema holdfast to worker;
      grant usage on all sequences in schema holdfast to worker`,
      database,
    );
    const store = await openStore(url.replace('postgres@', 'worker@'), { migrate: 'check' });
    await store.commit([creation(root, { lease: { holder: 'h', ttl: 1000 } })], 'machine');
    expect(await store.openRuns()).toHaveLength(1);
    expect(await store.check()).toEqual([]);
  });
});
