import type { ServerDatabase, ServerFingerprint } from '../../model/fingerprint.ts';
import { chooseSample, type Sample, type Sampled } from '../../model/sample.ts';
import { contentOf } from './table-content.ts';

/** The tables of a backup that a sample takes, by database. */
export function sampleTables(
  { databases }: ServerFingerprint,
  sample: Sample,
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = databases.flatMap(({ database, tables }) =>
    tables.map(({ table }) => JSON.stringify([database, table])),
  );
  const chosen = chooseSample(names, sample);
  return new Map(
    databases.map(({ database, tables }) => {
      const taken = tables.filter(({ table }) => chosen.has(JSON.stringify([database, table])));
      return [database, new Set(taken.map(({ table }) => table))];
    }),
  );
}

/** What of a database is compared where a sample of its tables is: all but the rows and the content of the others. */
export function sampledOnly(database: ServerDatabase, taken: ReadonlySet<string>): ServerDatabase {
  const left = database.tables.filter(({ table }) => !taken.has(table));
  const skipped = new Set(
    contentOf(
      database.objects,
      left.map(({ table }) => table),
    ),
  );
  return {
    ...database,
    tables: database.tables.filter(({ table }) => taken.has(table)),
    objects: database.objects.filter((one) => !skipped.has(one)),
  };
}

/** What is told of the sample; nothing where everything was compared. */
export function sampledTables(
  { databases }: ServerFingerprint,
  taken: ReadonlyMap<string, ReadonlySet<string>> | undefined,
): { readonly sampled?: Sampled } {
  if (taken === undefined) return {};
  const of = databases.reduce((sum, { tables }) => sum + tables.length, 0);
  const count = [...taken.values()].reduce((sum, tables) => sum + tables.size, 0);
  return { sampled: { unit: 'tables', taken: count, of } };
}
