import { Pool } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { secret } from '@holdfast/core';
import { creation, sampleFlow } from '@holdfast/core/testing';
import { postgresRunStore } from '../../src/postgres/index.ts';
import type { PostgresRunStoreOptions } from '../../src/postgres/index.ts';
import { canRun, databases, openStore } from './scratch.ts';

const root = sampleFlow(1);

describe('options of a run store on PostgreSQL', () => {
  it.each<[string, object]>([
    ['there is no option', { urll: 'postgresql://127.0.0.1/x' }],
    ['its url is none', { url: 'http://127.0.0.1/x' }],
    ['its url holds a password', { url: 'postgresql://me:hush@127.0.0.1/x' }],
    ['its password is no secret', { password: 'hush' }],
    ["its schema is 'Mine'", { schema: 'Mine' }],
    ["migrate is 'later'", { migrate: 'later' }],
    ['maxConnections is 1', { maxConnections: 1 }],
    ['maxConnections is given beside a pool', { pool: {}, maxConnections: 2 }],
  ])('are refused where they make no sense: %s', (problem, options) => {
    expect(() => postgresRunStore(options as PostgresRunStoreOptions)).toThrow(
      expect.objectContaining({
        code: 'OPTIONS_INVALID',
        message: expect.stringContaining(problem) as string,
      }) as Error,
    );
  });

  it('tell no password of a URL that is a secret and is none', async () => {
    const store = postgresRunStore({
      url: secret('vault:db'),
      resolvers: { vault: () => 'postgresql://me:hush@[/x' },
      patience: 0,
    });
    const error: unknown = await store.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hush');
  });
});

describe.runIf(canRun)('a run store on PostgreSQL', () => {
  const kept = databases();
  let database = '';
  let url = '';
  beforeEach(() => {
    database = kept.fresh();
    url = kept.server.url(database);
  });

  /** How many connections there are to the database. */
  function connections(where = 'true'): number {
    const count = `select count(*) from pg_stat_activity where datname = '${database}' and ${where}`;
    return Number(kept.server.sql(count));
  }

  it('finds its server by a URL that is a secret, and asks for its password with each connection', async () => {
    let asked = 0;
    const store = postgresRunStore({
      url: secret('vault:url'),
      password: secret('vault:password'),
      resolvers: {
        vault: (name) => {
          if (name === 'url') return url;
          asked++;
          return 'hush';
        },
      },
    });
    onTestFinished(() => store.close());
    // This server trusts everybody and asks nobody for a password, but for this user.
    kept.server.sql(`create role keeper login superuser password 'hush'`);
    kept.server.askPasswordOf('keeper');
    url = url.replace('postgres@', 'keeper@');
    await store.open();
    await Promise.all(Array.from({ length: 3 }, () => store.runs({})));
    expect(asked).toBeGreaterThan(1);
  });

  it('keeps its tables in the schema that is named, and two of them apart', async () => {
    const one = await openStore(url, { schema: 'one' });
    const two = await openStore(url, { schema: 'two' });
    await one.commit([creation(root)], 'machine');
    expect(await two.run(root.id)).toBeUndefined();
    expect(kept.server.sql('select id from one.run', database)).toBe(root.id);
    expect(one.schema).toBe('one');
  });

  it('opens no more connections than told', async () => {
    const store = await openStore(url, { maxConnections: 2 });
    await Promise.all(Array.from({ length: 20 }, () => store.runs({})));
    expect(connections(`application_name = 'holdfast'`)).toBe(2);
  });

  it('checks the certificate of the server where TLS is asked for', async () => {
    const store = postgresRunStore({ url, ssl: true, patience: 0 });
    onTestFinished(() => store.close());
    await expect(store.open()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('SSL') as string },
    });
  });

  it('uses a pool of the host, and leaves it open', async () => {
    const pool = new Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    const store = postgresRunStore({ pool });
    await store.open();
    await store.commit([creation(root)], 'machine');
    await store.close();
    const { rows } = await pool.query('select id from holdfast.run');
    expect(rows).toEqual([{ id: root.id }]);
    expect(pool.listenerCount('error')).toBe(0);
  });

  it('outlives connections that are cut, used and idle ones, without an error that nobody handles', async () => {
    const pool = new Pool({ connectionString: url });
    onTestFinished(() => pool.end());
    for (const store of [await openStore(url), postgresRunStore({ pool })]) {
      await store.open();
      const stop = await store.watch({ queues: ['q'] }, () => undefined);
      for (let n = 0; n < 5; n++) {
        const reading = store.runs({});
        kept.server.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
        );
        expect(await reading).toEqual([]);
      }
      stop();
      await store.close();
    }
  });

  it('waits for its server as long as it has patience', async () => {
    const patient = await openStore(url);
    const hasty = await openStore(url, { patience: '50ms' });
    await kept.server.halt('fast');
    const reading = patient.runs({});
    await expect(hasty.runs({})).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
    });
    await kept.server.start();
    expect(await reading).toEqual([]);
    expect(await hasty.runs({})).toEqual([]);
  });

  it('says who is refused, what is not there, and what takes no writes', async () => {
    const nowhere = postgresRunStore({ url: kept.server.url('nowhere'), patience: 0 });
    await expect(nowhere.open()).rejects.toMatchObject({ code: 'STORE_DENIED', retryable: false });
    await openStore(url);
    kept.server.sql(`alter database ${database} set default_transaction_read_only = on`);
    const standby = await openStore(url, { patience: 0 });
    await expect(standby.commit([creation(root)], 'machine')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
      context: { sqlState: '25006' },
    });
  });
});
