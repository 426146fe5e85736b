import { beforeEach, describe, expect, it } from 'vitest';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { postgresRunStore } from '../../src/postgres/index.ts';
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
    const names = kept.server.sql('select name from holdfast.migration', database);
    expect(names).toBe('0001-runs');
  });

  it('are asked for where they are not to be made, and nothing is made', async () => {
    const store = postgresRunStore({ url, migrate: 'check' });
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_OUTDATED',
      context: { missing: ['0001-runs'] },
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
    expect(kept.server.sql('select count(*) from holdfast.migration', database)).toBe('2');
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
