import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunId, RunQuery } from '@holdfast/core';
import { postgresRunStore } from '../../src/postgres/index.ts';
import { wordsIn } from '../../src/postgres/words.ts';
import { selectRuns } from '../../src/sql/list-runs.ts';
import { listTerms } from '../../src/sql/list-terms.ts';
import { readOpenRuns } from '../../src/sql/reads.ts';
import type { Tables } from '../../src/sql/tables.ts';
import { DASHBOARD_READS, type DashboardRead } from '../dashboard-reads.ts';
import { canRun, databases } from './scratch.ts';

const SCHEMA = 'holdfast';

/** The id of the nth run that was made: they ascend. */
function idOf(n: number): RunId {
  return n.toString(16).padStart(32, '0') as RunId;
}

/** 100,000 runs: a hundred tasks to a flow, of which one in two hundred failed and one in ten has a tag. */
const FILLING = `
  insert into ${SCHEMA}.run (id, kind, name, root_id, parent_id, key, generation, version, state_type, state_name,
      state_json, body_json, past_text, schedule, tags)
    select id, case when top then 'flow' else 'task' end, case when top then 'nightly' else 'dump-' || n % 400 end,
      root, case when top then null else root end, n::text, 1, 1, state, initcap(state), '{}', '{}', '',
      case when top and n % 700 = 0 then 'nightly' end, case when n % 10 = 0 then array['prod'] else '{}' end
    from (select n, lpad(to_hex(n), 32, '0') as id, lpad(to_hex(n - n % 100), 32, '0') as root, n % 100 = 0 as top,
        case when n % 199 = 0 then 'FAILED' else 'COMPLETED' end as state
      from generate_series(0, 99999) as n) as made;
  insert into ${SCHEMA}.run_tag (tag, run_id, root_id)
    select tag, id, root_id from ${SCHEMA}.run, unnest(tags) as tag;
  insert into ${SCHEMA}.lease (run_id, root_id, holder, epoch, expires_at, queue, due_at)
    select id, id, '', 0, 0, 'q', 1 from ${SCHEMA}.run where parent_id is null;
  update ${SCHEMA}.lease set holder = 'h' where run_id = '${idOf(50_000)}';
  analyze ${SCHEMA}.lease; analyze ${SCHEMA}.run; analyze ${SCHEMA}.run_tag;`;

/** What a read asks of those runs. */
function asked(read: DashboardRead): RunQuery {
  const query: RunQuery = DASHBOARD_READS[read];
  const { after, parentId, rootId, name } = query;
  return {
    ...query,
    ...(after === undefined ? {} : { after: idOf(50_050) }),
    ...(parentId === undefined ? {} : { parentId: idOf(50_000) }),
    ...(rootId === undefined ? {} : { rootId: idOf(50_000) }),
    ...(name === 'dump' ? { name: 'dump-7' } : {}),
  };
}

describe.runIf(canRun)('a dashboard over a PostgreSQL run store reads', () => {
  const dbs = databases();
  let pool: Pool;
  let tables: Kysely<Tables>;

  beforeAll(async () => {
    const database = dbs.fresh();
    const url = dbs.server.url(database);
    const store = postgresRunStore({ url, schema: SCHEMA });
    await store.open();
    await store.close();
    dbs.server.sql(FILLING, database);
    pool = new Pool({ connectionString: url });
    tables = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
  }, 120_000);
  afterAll(() => pool.end());

  it('open runs without walking through those that wait on queues', async () => {
    const statements: { sql: string; parameters: readonly unknown[] }[] = [];
    const logged = new Kysely<Tables>({
      dialect: new PostgresDialect({ pool }),
      log: ({ query }) => void statements.push(query),
    }).withSchema(SCHEMA);
    await readOpenRuns(logged, wordsIn(SCHEMA));
    const [open] = statements;
    const plan = `explain analyze ${open?.sql}`;
    const { rows } = await pool.query<{ 'QUERY PLAN': string }>(plan, [
      ...(open?.parameters ?? []),
    ]);
    const told = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(told).toContain('lease_open');
    const touched = [...told.matchAll(/actual time=\S+ rows=(\d+)|Rows Removed by .*: (\d+)/g)];
    expect(Math.max(...touched.map(([, given, left]) => Number(given ?? left))), told).toBe(1);
  });

  it.each(Object.keys(DASHBOARD_READS) as DashboardRead[])(
    '%s off an index, and touches no more than a hundredth of the runs',
    async (read) => {
      const query = asked(read);
      const { sql, parameters } = selectRuns(tables, wordsIn(SCHEMA), listTerms(query)).compile();
      const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain analyze ${sql}`, [
        ...parameters,
      ]);
      const told = rows.map((row) => row['QUERY PLAN']).join('\n');
      const touched = [
        ...told.matchAll(/actual time=\S+ rows=(\d+)|Rows Removed by .*: (\d+)/g),
      ].map(([, given, left]) => Number(given ?? left));
      expect(told).not.toContain('Seq Scan');
      expect(touched.length).toBeGreaterThan(0);
      expect(Math.max(...touched), told).toBeLessThanOrEqual(1000);
    },
  );
});
