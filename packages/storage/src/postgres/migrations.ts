import { HoldfastError } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Migration, MigrationProvider } from 'kysely/migration';
import type { MigrationMode } from '../sql/migration-mode.ts';
import type { Tables } from '../sql/tables.ts';
import { claimFunction } from './migrations/0001-claim.ts';
import { commitFunction } from './migrations/0001-commit.ts';
import { commitTaskFunction } from './migrations/0002-commit-task.ts';
import { lists } from './migrations/0002-lists.ts';
import { tables } from './migrations/0001-tables.ts';
import { codeOf } from './problems.ts';

/** What notifications of a schema go to. */
export function channelOf(schema: string): string {
  return `holdfast_${schema}`.slice(0, 63);
}

/** The texts of every migration by name, for a schema. Names sort in the order in which they run; one that was published never changes. */
const MIGRATIONS: Readonly<Record<string, (schema: string) => readonly string[]>> = {
  '0001-runs': (schema) => {
    const s = `"${schema}"`;
    return [...tables(s), commitFunction(s, channelOf(schema), 1), claimFunction(s, 1)];
  },
  '0002-commit-task': (schema) => {
    const s = `"${schema}"`;
    const known = [commitFunction(s, channelOf(schema), 2), claimFunction(s, 2)];
    return [...lists(s), ...known, commitTaskFunction(s, 2)];
  },
};

/** The names that this software knows, in order. */
export const MIGRATION_NAMES: readonly string[] = Object.keys(MIGRATIONS);

/** What a migration does to a schema. */
export function textsOf(name: string, schema: string): readonly string[] {
  return MIGRATIONS[name]?.(schema) ?? [];
}

/** How many there are: the schema that this software knows. */
export const SCHEMA_VERSION = MIGRATION_NAMES.length;

const MIGRATION_TABLE = 'migration';

function providerFor(schema: string): MigrationProvider {
  const migrations = MIGRATION_NAMES.map((name): [string, Migration] => [
    name,
    {
      up: async (database: Kysely<unknown>): Promise<void> => {
        for (const text of textsOf(name, schema)) await sql.raw(text).execute(database);
      },
    },
  ]);
  return { getMigrations: async () => Object.fromEntries(migrations) };
}

/** No such table, no such schema. */
const ABSENT = ['42P01', '3F000'];

/** The names of the migrations that a schema has had; none where there is no such schema. */
async function applied(database: Kysely<Tables>, schema: string): Promise<string[]> {
  const table = sql.table(`${schema}.${MIGRATION_TABLE}`);
  try {
    const { rows } = await sql<{ name: string }>`select name from ${table} order by name`.execute(
      database,
    );
    return rows.map(({ name }) => name);
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return [];
    throw error;
  }
}

function newer(place: string, unknown: readonly string[]): HoldfastError {
  const known = `version ${SCHEMA_VERSION} (${MIGRATION_NAMES.at(-1)})`;
  const found = `migration ${unknown.join(', ')}`;
  return new HoldfastError(
    'STORE_NEWER',
    `The run store ${place} was written by newer software: it has ${found}, this software knows up to ${known}`,
    {
      hint: 'Update @holdfast/storage here, or name another schema. Nothing was changed.',
      retryable: false,
      context: { place, found, known },
    },
  );
}

function outdated(place: string, missing: readonly string[]): HoldfastError {
  return new HoldfastError(
    'STORE_OUTDATED',
    `The run store ${place} is older than this software: it lacks ${missing.join(', ')}`,
    {
      hint: "Open it once with migrate: 'auto'. Nothing was changed.",
      retryable: false,
      context: { place, missing: [...missing] },
    },
  );
}

/** What this software knows and the schema has not had. */
async function missingIn(
  database: Kysely<Tables>,
  schema: string,
  place: string,
): Promise<string[]> {
  const names = await applied(database, schema);
  const unknown = names.filter((name) => !MIGRATION_NAMES.includes(name));
  if (unknown.length > 0) throw newer(place, unknown);
  return MIGRATION_NAMES.filter((name) => !names.includes(name));
}

/**
 * Brings the tables up to date, or sees whether they are. Of several processes that start at once one migrates, and the
 * others wait for it: an advisory lock, held by a transaction, is between them.
 *
 * @throws `STORE_NEWER`, `STORE_OUTDATED`, what the database throws
 */
export async function migrate(
  database: Kysely<Tables>,
  schema: string,
  mode: MigrationMode,
  place: string,
): Promise<void> {
  if (mode === 'off') return;
  const missing = await missingIn(database, schema, place);
  if (missing.length === 0) return;
  if (mode === 'check') throw outdated(place, missing);
  const { error } = await new Migrator({
    db: database,
    provider: providerFor(schema),
    migrationTableName: MIGRATION_TABLE,
    migrationLockTableName: `${MIGRATION_TABLE}_lock`,
    migrationTableSchema: schema,
  }).migrateToLatest();
  if (error === undefined) return;
  // Somebody newer was faster.
  await missingIn(database, schema, place);
  throw error;
}
