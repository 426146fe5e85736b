import type { StateName } from '@holdfast/core';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { LeaseTable } from '../../sql/tables.ts';
import type { Words } from '../../sql/words.ts';

function isNamed(names: readonly StateName[]): RawBuilder<boolean> {
  if (names.length === 0) return sql<boolean>`false`;
  const name = sql`json_extract(run.state_json, '$.name')`;
  const known = sql`${name} in (${sql.join([...names])})`;
  return sql<boolean>`(case when json_valid(run.state_json) then ${known} else true end)`;
}

function carries(tag: string): RawBuilder<boolean> {
  const tags = sql`select value from json_each(run.body_json, '$.tags')`;
  return sql<boolean>`(case when json_valid(run.body_json) then ${tag} in (${tags}) else true end)`;
}

/** SQLite's. */
export const WORDS: Words = {
  // Without statistics SQLite would rather walk through all leases.
  openLeases: sql<LeaseTable>`lease`.as<'lease'>(sql`lease indexed by lease_open`),
  // The plus keeps SQLite from reading all lines of a root where those of one run are wanted.
  rootOfLine: sql<string>`+root_id`,
  schedule: sql<string>`case when json_valid(body_json) then json_extract(body_json, '$.scheduled.schedule') end`,
  isNamed,
  carries,
};
