import type { StateName } from '@holdfast/core';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { RunRow } from '../record/run-row.ts';
import type { Words } from '../sql/words.ts';

function isNamed(names: readonly StateName[]): RawBuilder<boolean> {
  return sql<boolean>`run.state_name = any(${[...names]}::text[])`;
}

function carries(tag: string): RawBuilder<boolean> {
  return sql<boolean>`${tag} = any(run.tags)`;
}

/** PostgreSQL's, for tables in this schema. */
export function wordsIn(schema: string): Words {
  return {
    openRuns: sql<RunRow>`${sql.table(`${schema}.run`)}`.as<'run'>('run'),
    rootOfLine: sql<string>`root_id`,
    schedule: sql<string>`schedule`,
    isNamed,
    carries,
  };
}
