import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { LogWrite, Write } from '@holdfast/core';
import { advanced, creation, RUNNING, sampleFlow, update } from '@holdfast/core/testing';
import { postgresRunStore } from '../../src/postgres/index.ts';
import type { PostgresRunStore } from '../../src/postgres/index.ts';
import { channelOf } from '../../src/postgres/migrations.ts';
import { commitFunction } from '../../src/postgres/migrations/0001-commit.ts';
import { lossyPool } from './lossy-pool.ts';
import type { Fate } from './lossy-pool.ts';
import { canRun, databases, openStore } from './scratch.ts';

const root = sampleFlow(1);
const lease = { holder: 'h', ttl: 60_000 };
const fence = { rootId: root.id, epoch: 1 };

/** A line: unlike a run's state it could be kept twice. */
function line(message: string): LogWrite {
  const of = { runId: root.id, rootId: root.id, generation: 1, attempt: 1 };
  return { kind: 'log', entry: { ...of, at: 1, level: 'info', message } };
}

async function linesIn(store: PostgresRunStore): Promise<string[]> {
  return (await store.logs({ rootId: root.id })).map(({ message }) => message);
}

/** Cuts the next so many answers to commits. */
function cutting(): { fate: Fate; next: (how: 'unsent' | 'lost', times: number) => void } {
  let left = 0;
  let by: 'unsent' | 'lost' = 'lost';
  return {
    next: (how, times) => {
      by = how;
      left = times;
    },
    fate: (text) => (text.includes('.commit(') && left-- > 0 ? by : undefined),
  };
}

describe.runIf(canRun)('a commit', () => {
  const kept = databases();
  let database = '';
  let url = '';
  beforeEach(() => {
    database = kept.fresh();
    url = kept.server.url(database);
  });

  /** A store over connections that are cut as `fate` says, once it has made a run. */
  async function cutStore(fate: Fate): Promise<PostgresRunStore> {
    const pool = lossyPool(url, fate);
    const store = postgresRunStore({ pool });
    onTestFinished(async () => {
      await store.close();
      await pool.end();
    });
    await store.open();
    return store;
  }

  it.each(['unsent', 'lost'] as const)('is made once when its answer is %s', async (how) => {
    const { fate, next } = cutting();
    const store = await cutStore(fate);
    await store.commit([creation(root, { lease })], 'machine');
    next(how, 2);
    const writes: Write[] = [line('a'), update(advanced(root, RUNNING), { fence }), line('b')];
    expect(await store.commit(writes, 'machine')).toEqual(writes.map(() => ({ ok: true })));
    expect(await linesIn(store)).toEqual(['a', 'b']);
  });

  it('is answered as it was when its answer was lost, conflicts with their records among it', async () => {
    const { fate, next } = cutting();
    const store = await cutStore(fate);
    await store.commit([creation(root, { lease })], 'machine');
    next('lost', 3);
    const stale = update(advanced(root, RUNNING), { fence: { ...fence, epoch: 7 } });
    expect(await store.commit([line('a'), stale, creation(root)], 'process')).toEqual([
      { ok: true },
      { ok: false, conflict: 'fence' },
      { ok: false, conflict: 'exists', run: root },
    ]);
    expect(await linesIn(store)).toEqual(['a']);
  });

  it('that a failing server forgot after it was acknowledged is made again before the next', async () => {
    const store = await openStore(url);
    await store.commit([creation(root, { lease })], 'machine');
    await store.commit([line('kept')], 'process');
    await store.commit([line('forgotten'), line('as well')], 'process');
    kept.server.sql(
      `delete from holdfast.log where message <> 'kept'; update holdfast.writer set turn = turn - 1`,
      database,
    );
    await store.commit([line('next')], 'machine');
    expect(await linesIn(store)).toEqual(['kept', 'forgotten', 'as well', 'next']);
  });

  it('of a store that the server has forgotten on purpose is made all the same', async () => {
    const store = await openStore(url);
    await store.commit([creation(root, { lease })], 'machine');
    await store.commit([line('a')], 'machine');
    kept.server.sql('delete from holdfast.writer', database);
    await store.commit([line('b')], 'process');
    await store.commit([line('c')], 'machine');
    expect(await linesIn(store)).toEqual(['a', 'b', 'c']);
  });

  it('is remembered until its store is closed', async () => {
    const store = await openStore(url);
    await store.commit([creation(root, { lease })], 'machine');
    const remembered = 'select count(*) from holdfast.writer';
    expect(kept.server.sql(remembered, database)).toBe('1');
    await store.close();
    expect(kept.server.sql(remembered, database)).toBe('0');
  });

  it('that fails takes no other with it', async () => {
    const store = await openStore(url);
    await store.commit([creation(root, { lease })], 'machine');
    kept.server.sql(
      `create function holdfast.no_room() returns trigger language plpgsql as $$ begin
        if new.message = 'large' then raise disk_full; end if;
        return new;
      end $$;
      create trigger no_room before insert on holdfast.log for each row execute function holdfast.no_room()`,
      database,
    );
    const outcomes = await Promise.allSettled(
      [['a'], ['b', 'large'], ['c']].map((texts) => store.commit(texts.map(line), 'process')),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'STORE_UNAVAILABLE', retryable: true, context: { sqlState: '53100' } },
    });
    expect(await linesIn(store)).toEqual(['a', 'c']);
  });

  it('on a schema that newer software has taken over meanwhile is refused', async () => {
    const store = await openStore(url);
    await store.commit([creation(root, { lease })], 'machine');
    const newer = commitFunction('"holdfast"', channelOf('holdfast'), 1000);
    kept.server.sql(newer, database);
    await expect(store.commit([line('a')], 'machine')).rejects.toMatchObject({
      code: 'STORE_NEWER',
      retryable: false,
    });
    expect(await linesIn(store)).toEqual([]);
  });

  it('waits for the disk where an outcome is in it, and not for a start', async () => {
    const store = await openStore(url);
    kept.server.sql(
      `create table public.seen (message text, waits text);
      create function public.note() returns trigger language plpgsql as $$ begin
        insert into public.seen values (new.message, current_setting('synchronous_commit'));
        return new;
      end $$;
      alter database ${database} set synchronous_commit = off`,
      database,
    );
    await store.commit([creation(root, { lease })], 'machine');
    kept.server.sql(
      'create trigger note before insert on holdfast.log for each row execute function public.note()',
      database,
    );
    const other = await openStore(url);
    await store.commit([line('start')], 'process');
    await store.commit([line('outcome')], 'machine');
    await other.commit([line('where it is off')], 'machine');
    expect(kept.server.sql('select message, waits from public.seen', database).split('\n')).toEqual(
      ['start|off', 'outcome|on', 'where it is off|on'],
    );
  });
});
