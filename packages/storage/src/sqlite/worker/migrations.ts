import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { RUNS } from './migrations/0001-runs.ts';
import { BESIDE_RUNS } from './migrations/0002-beside-runs.ts';
import { SCHEDULES_OF_RUNS } from './migrations/0003-schedules-of-runs.ts';
import { LEAN_RUNS } from './migrations/0004-lean-runs.ts';
import { QUEUES } from './migrations/0005-queues.ts';
import { DASHBOARD_LISTS } from './migrations/0006-dashboard-lists.ts';
import { FLOWS_AND_QUEUES } from './migrations/0007-flows-and-queues.ts';

function inOrder(texts: readonly string[]): Migration {
  return {
    up: async (database: Kysely<unknown>): Promise<void> => {
      for (const text of texts) await sql.raw(text).execute(database);
    },
  };
}

/** Every migration by name. Names sort in the order in which they run; one that was published never changes. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-runs': inOrder(RUNS),
  '0002-beside-runs': inOrder(BESIDE_RUNS),
  '0003-schedules-of-runs': inOrder(SCHEDULES_OF_RUNS),
  '0004-lean-runs': inOrder(LEAN_RUNS),
  '0005-queues': inOrder(QUEUES),
  '0006-dashboard-lists': inOrder(DASHBOARD_LISTS),
  '0007-flows-and-queues': inOrder(FLOWS_AND_QUEUES),
};

/** The names that this software knows, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);

/** Hands the migrations to Kysely's Migrator. */
export const migrationProvider: MigrationProvider = {
  getMigrations: async () => ({ ...MIGRATIONS }),
};

/** The Migrator's own tables in our database. */
export const MIGRATION_TABLE = 'holdfast_migration';
export const MIGRATION_LOCK_TABLE = 'holdfast_migration_lock';
