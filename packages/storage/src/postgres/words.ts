import type { StateName } from '@holdfast/core';
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { LeaseTable } from '../sql/tables.ts';
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
    openLeases: sql<LeaseTable>`${sql.table(`${schema}.lease`)}`.as<'lease'>('lease'),
    rootOfLine: sql<string>`root_id`,
    schedule: sql<string>`schedule`,
    isNamed,
    carries,
  };
}
