import { Client, Pool } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Write } from '@holdfast/core';
import {
  advanced,
  COMPLETED,
  creation,
  sampleFlow,
  sampleTask,
  update,
} from '@holdfast/core/testing';
import { postgresRunStore } from '../../src/postgres/index.ts';
import type { PostgresPool, PostgresRunStore } from '../../src/postgres/index.ts';
import { commitTaskFunction } from '../../src/postgres/migrations/0002-commit-task.ts';
import { lossyPool } from './lossy-pool.ts';
import { canRun, databases, openStore } from './scratch.ts';

const root = sampleFlow(1);
const lease = { holder: 'h', ttl: 60_000 };
const fence = { rootId: root.id, epoch: 1 };
const task = sampleTask(2, root);
const done = advanced(task, COMPLETED);
const next = sampleTask(3, root);
const OK = [{ ok: true }];

const start: Write[] = [creation(task, { fence })];
const outcome: Write[] = [update(done, { fence })];

async function rooted(store: PostgresRunStore): Promise<PostgresRunStore> {
  await store.commit([creation(root, { lease })], 'machine');
  return store;
}

/** What of a run and its history is in the store. */
async function found(store: PostgresRunStore): Promise<unknown> {
  const history = await store.history(task.id);
  return [await store.run(task.id), history.map(({ version }) => version)];
}

/** A store over the host's pool, once it has made the root. */
async function over(pool: PostgresPool & { end(): Promise<void> }): Promise<PostgresRunStore> {
  const store = postgresRunStore({ pool });
  onTestFinished(async () => {
    await store.close();
    await pool.end();
  });
  await store.open();
  return rooted(store);
}

/** The names of the statements that are prepared in a store's session once a task was written. */
async function preparedAfter(url: string, notifications: boolean): Promise<string[]> {
  const pool = new Pool({ connectionString: url, max: 2 });
  const store = postgresRunStore({ pool, notifications });
  onTestFinished(async () => {
    await store.close();
    await pool.end();
  });
  await store.open();
  await rooted(store);
  await store.commit(start, 'process');
  await store.commit(outcome, 'machine');
  const { rows } = await pool.query<{ name: string }>('select name from pg_prepared_statements');
  return rows.map(({ name }) => name);
}

describe.runIf(canRun)('the commit of one task', () => {
  const kept = databases();
  let database = '';
  let url = '';
  beforeEach(() => {
    database = kept.fresh();
    url = kept.server.url(database);
  });

  function forget(): void {
    kept.server.sql(`delete from holdfast.run where id = '${task.id}'`, database);
  }

  it.each(['unsent', 'lost'] as const)('is made once when its answer is %s', async (how) => {
    let left = 0;
    let cuts = 0;
    const store = await over(
      lossyPool(url, (text) => {
        if (!text.includes('.commit_task(') || left-- <= 0) return undefined;
        cuts++;
        return how;
      }),
    );
    left = 2;
    expect(await store.commit(start, 'process')).toEqual(OK);
    left = 2;
    expect(await store.commit(outcome, 'machine')).toEqual(OK);
    expect(cuts).toBe(4);
    expect(await found(store)).toEqual([done, [1, 2]]);
  });

  it('that somebody else made is not taken for one whose answer was lost', async () => {
    let left = 0;
    const lose = (text: string): 'lost' | undefined =>
      text.includes('.commit_task(') && left-- > 0 ? 'lost' : undefined;
    const store = await over(lossyPool(url, lose));
    await store.commit(start, 'machine');
    await store.commit(outcome, 'machine');
    left = 1;
    const other = { ...done, endedAt: 7 };
    expect(await store.commit([update(other, { fence })], 'machine')).toEqual([
      { ok: false, conflict: 'version' },
    ]);
    left = 1;
    const twin = sampleTask(9, root, { key: task.key });
    expect(await store.commit([creation(twin, { fence })], 'machine')).toEqual([
      { ok: false, conflict: 'exists', run: done },
    ]);
    expect(await found(store)).toEqual([done, [1, 2]]);
  });

  it('that a failing server forgot after it was acknowledged is made again before its outcome', async () => {
    const store = await rooted(await openStore(url));
    await store.commit(start, 'process');
    forget();
    expect(await store.commit(outcome, 'machine')).toEqual(OK);
    expect(await found(store)).toEqual([done, [1, 2]]);
  });

  it('that a failing server forgot is made again before what others write', async () => {
    const store = await rooted(await openStore(url));
    await store.commit(start, 'process');
    forget();
    expect(await store.commit([creation(next, { fence })], 'process')).toEqual(OK);
    expect(await found(store)).toEqual([task, [1]]);
    kept.server.sql(
      `delete from holdfast.run where id in ('${task.id}', '${next.id}');
       update holdfast.writer set turn = turn - 1`,
      database,
    );
    const both: Write[] = [...outcome, update(advanced(next, COMPLETED), { fence })];
    expect(await store.commit(both, 'machine')).toEqual([...OK, ...OK]);
    expect(await found(store)).toEqual([done, [1, 2]]);
  });

  it('is made again beside batches also where the server has forgotten the store', async () => {
    const store = await rooted(await openStore(url));
    await store.commit(start, 'process');
    forget();
    kept.server.sql('delete from holdfast.writer', database);
    expect(await store.commit([creation(next, { fence })], 'process')).toEqual(OK);
    expect(await found(store)).toEqual([task, [1]]);
  });

  it('waits for the disk where it is an outcome, and not where it is a start', async () => {
    kept.server.sql(`alter database ${database} set synchronous_commit = off`);
    const store = await rooted(await openStore(url));
    kept.server.sql(
      `create table public.seen (state text, waits text);
      create function public.note() returns trigger language plpgsql as $$ begin
        insert into public.seen values (new.state_type, current_setting('synchronous_commit'));
        return new;
      end $$;
      create trigger note before insert or update on holdfast.run for each row execute function public.note()`,
      database,
    );
    await store.commit(start, 'process');
    await store.commit(outcome, 'machine');
    const seen = kept.server.sql('select state, waits from public.seen', database);
    expect(seen.split('\n')).toEqual(['RUNNING|off', 'COMPLETED|on']);
  });

  it('holds off who would take the lease until it has ended', async () => {
    const store = await rooted(await openStore(url));
    const client = new Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    await client.query('begin');
    const values = [
      99,
      true,
      1,
      0,
      task.id,
      'dump',
      root.id,
      root.id,
      'k',
      1,
      1,
      'RUNNING',
      'Running',
    ];
    const places = [...values, '{}', '{}', ''].map((_, n) => `$${n + 1}`).join(', ');
    await client.query(`select holdfast.commit_task(${places})`, [...values, '{}', '{}', '']);
    const request = { rootId: root.id, holder: 'other', ttl: 1000, now: Date.now() };
    let ended = false;
    const taken = store.acquireLease(request).finally(() => (ended = true));
    const waits = `select count(*) from pg_stat_activity where wait_event_type = 'Lock'`;
    await expect.poll(() => kept.server.sql(waits), { timeout: 30_000 }).toBe('1');
    expect(ended).toBe(false);
    await client.query('commit');
    expect(await taken).toMatchObject({ granted: true, lease: { epoch: 2 } });
    expect(await store.commit(outcome, 'machine')).toEqual([{ ok: false, conflict: 'fence' }]);
  });

  it('on a schema that newer software has taken over meanwhile is refused', async () => {
    const store = await rooted(await openStore(url));
    kept.server.sql(commitTaskFunction('"holdfast"', 1000), database);
    await expect(store.commit(start, 'machine')).rejects.toMatchObject({ code: 'STORE_NEWER' });
    expect(await store.run(task.id)).toBeUndefined();
  });

  it('finds its rows by their keys, whatever the tables held', async () => {
    const store = await rooted(await openStore(url));
    await store.commit(start, 'machine');
    kept.server.sql('analyze holdfast.run; analyze holdfast.lease', database);
    const client = new Client(url);
    await client.connect();
    onTestFinished(() => client.end());
    const plans: string[] = [];
    client.on('notice', ({ message }) => plans.push(message ?? ''));
    await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0;
      set auto_explain.log_nested_statements = on; set client_min_messages = log`);
    const name = [task.name, root.id, root.id, task.key, 1, 2, 'COMPLETED', 'Completed'];
    const values = [99, true, 1, 1, task.id, ...name, '{}', '{}', ''];
    const places = values.map((_, n) => `$${n + 1}`).join(', ');
    await client.query(`select holdfast.commit_task(${places})`, values);
    const told = plans.join('\n');
    expect(told).toContain('using lease_pkey');
    expect(told).toContain('using run_pkey');
    expect(told).not.toMatch(/Seq Scan|run_identity|run_root|run_name/);
  });

  describe('is prepared once for a session', () => {
    it('where sessions are its own', async () => {
      expect(await preparedAfter(url, true)).toEqual([expect.stringMatching(/^holdfast_/)]);
    });

    it('and not at all where they are shared', async () => {
      expect(await preparedAfter(url, false)).toEqual([]);
    });

    it('and never again where it turns out that they are', async () => {
      const pool = new Pool({ connectionString: url, max: 2 });
      const store = await over(pool);
      await store.commit(start, 'process');
      await pool.query('deallocate all');
      expect(await store.commit(outcome, 'machine')).toEqual(OK);
      await store.commit([creation(next, { fence })], 'process');
      const { rows } = await pool.query('select name from pg_prepared_statements');
      expect(rows).toEqual([]);
      expect(await store.run(next.id)).toEqual(next);
    });
  });
});
