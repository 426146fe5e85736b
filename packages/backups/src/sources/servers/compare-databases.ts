import { HoldfastError } from '@holdfast/core';
import type {
  ObjectCount,
  ServerDatabase,
  ServerFingerprint,
  TableRows,
} from '../../model/fingerprint.ts';
import type { Manifest } from '../../model/manifest.ts';
import type { Comparison, Difference } from '../source.ts';
import { contentOf } from './table-content.ts';

/** The most differences that are reported. */
const MOST = 100;

/**
 * The fingerprint of a backup of a server.
 *
 * @throws `MANIFEST_INVALID` it has another form
 */
export function serverFingerprint(manifest: Manifest): ServerFingerprint {
  const { fingerprint, id } = manifest;
  if (fingerprint.kind === 'server') return fingerprint;
  throw new HoldfastError('MANIFEST_INVALID', `${id} has no fingerprint of a server.`, {
    hint: 'Use another copy of the backup.',
    retryable: false,
    context: { backup: id },
  });
}

/** Pairs what was expected with what was found, by name; each may lack the other. */
function paired<T>(
  expected: readonly T[],
  found: readonly T[],
  nameOf: (one: T) => string,
): readonly (readonly [string, T | undefined, T | undefined])[] {
  const left = new Map(found.map((one) => [nameOf(one), one]));
  const pairs = expected.map((one) => {
    const name = nameOf(one);
    const other = left.get(name);
    left.delete(name);
    return [name, one, other] as const;
  });
  return [...pairs, ...[...left].map(([name, one]) => [name, undefined, one] as const)];
}

function rowsOf(table: TableRows | undefined): string {
  if (table === undefined) return 'no such table';
  const { rows, most = rows } = table;
  return rows === most ? `${rows} rows` : `${rows} to ${most} rows`;
}

function isWithin(wanted: TableRows | undefined, restored: TableRows | undefined): boolean {
  if (wanted?.most === undefined || restored === undefined) return false;
  return restored.rows >= wanted.rows && restored.rows <= wanted.most;
}

function countOf(objects: ObjectCount | undefined): string {
  const { count = 0, sha256 } = objects ?? {};
  return sha256 === undefined ? String(count) : `${count} (${sha256})`;
}

function compareDatabase(
  expected: ServerDatabase,
  found: ServerDatabase,
  where: string,
): Difference[] {
  const differences: Difference[] = [];
  const look = (what: string, wanted: string, restored: string): void => {
    if (wanted !== restored)
      differences.push({ what: what + where, expected: wanted, found: restored });
  };
  for (const [name, wanted, restored] of paired(
    expected.tables,
    found.tables,
    (one) => one.table,
  )) {
    if (isWithin(wanted, restored)) continue;
    look(`table ${name}`, rowsOf(wanted), rowsOf(restored));
  }
  for (const [name, wanted, restored] of paired(
    expected.objects,
    found.objects,
    (one) => one.objects,
  )) {
    look(name, countOf(wanted), countOf(restored));
  }
  look('schema', expected.schemaSha256, found.schemaSha256);
  return differences;
}

/**
 * Compares the databases that a restored copy holds with those of the source, under the source's names.
 * Kinds add what they alone look for as `differences`: invalid indexes, views that cannot be read.
 */
export function compareServers(
  expected: ServerFingerprint,
  found: readonly ServerDatabase[],
  more: readonly Difference[] = [],
): Comparison {
  const several = expected.databases.length > 1;
  const differences = [...more];
  for (const [name, wanted, restored] of paired(expected.databases, found, (one) => one.database)) {
    if (wanted !== undefined && restored !== undefined) {
      differences.push(...compareDatabase(wanted, restored, several ? ` in ${name}` : ''));
      continue;
    }
    const there = (one: unknown): string => (one === undefined ? 'not there' : 'there');
    differences.push({ what: `database ${name}`, expected: there(wanted), found: there(restored) });
  }
  const tables = found.flatMap((one) => one.tables);
  return {
    differences: differences.slice(0, MOST),
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/**
 * What of a database a restore of single tables can be held to: their rows and content. The schema and other objects are
 * not in it.
 *
 * @throws `RESTORE_TABLE_UNKNOWN` the backup has no such table
 */
export function tablesOnly(database: ServerDatabase, tables: readonly string[]): ServerDatabase {
  const missing = tables.find((name) => !database.tables.some(({ table }) => table === name));
  if (missing !== undefined) {
    throw new HoldfastError('RESTORE_TABLE_UNKNOWN', `The backup has no table ${missing}.`, {
      hint: "Name tables as the manifest's fingerprint does, with PostgreSQL the schema included: public.orders.",
      retryable: false,
      context: { table: missing },
    });
  }
  return {
    ...database,
    tables: database.tables.filter(({ table }) => tables.includes(table)),
    objects: contentOf(database.objects, tables),
  };
}

/** What a copy of single tables holds, as far as it is compared. */
export function rowsOnly(expected: ServerDatabase, found: ServerDatabase): ServerDatabase {
  const { schemaSha256 } = expected;
  const names = found.tables.map(({ table }) => table);
  return { ...found, schemaSha256, objects: contentOf(found.objects, names) };
}
