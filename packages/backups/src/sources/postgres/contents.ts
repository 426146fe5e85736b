import { createHash } from 'node:crypto';
import type {
  ObjectCount,
  SequenceRange,
  ServerDatabase,
  TableRows,
} from '../../model/fingerprint.ts';
import type { Difference } from '../source.ts';
import {
  INVALID_INDEXES,
  LARGE_OBJECTS,
  type ObjectQuery,
  SCHEMA_QUERIES,
  SEQUENCE_NAMES,
  TABLE_NAMES,
} from './catalog-queries.ts';
import type { PsqlSession } from './session.ts';

/** How many tables or sequences one statement is about: the server plans it as one query. */
const BATCH = 100;

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH);
}

async function countObjects(
  session: PsqlSession,
  { objects, query }: ObjectQuery,
): Promise<ObjectCount> {
  const rows = await session.query<{ v: string }>(`${query} ORDER BY 1`);
  const hash = createHash('sha256');
  for (const { v } of rows) hash.update(`${v}\n`);
  return { objects, count: rows.length, sha256: hash.digest('hex') };
}

/** The tables whose rows are counted; each name is quoted as SQL needs it. */
export async function tablesOf(session: PsqlSession): Promise<readonly string[]> {
  return (await session.query<{ name: string }>(TABLE_NAMES)).map(({ name }) => name);
}

/**
 * Keeps tables from being emptied, rewritten or dropped until the transaction ends: TRUNCATE is seen by older
 * snapshots, too. The same lock that pg_dump takes.
 */
export async function lockTables(session: PsqlSession, tables: readonly string[]): Promise<void> {
  for (const batch of batches(tables)) {
    const list = batch.map((table) => `ONLY ${table}`).join(', ');
    await session.run(`LOCK TABLE ${list} IN ACCESS SHARE MODE`);
  }
}

/**
 * Counts rows. What a count locks besides the table (its indexes) is let go after each batch: ten thousand tables
 * would fill the server's table of locks.
 */
async function countRows(session: PsqlSession, tables: readonly string[]): Promise<TableRows[]> {
  const counted: TableRows[] = [];
  for (const batch of batches(tables)) {
    await session.run('SAVEPOINT holdfast_count');
    const counts = batch.map(
      (table, at) => `SELECT ${at} AS at, count(*)::text AS rows FROM ONLY ${table}`,
    );
    const answer = await session.query<{ at: number; rows: string }>(counts.join(' UNION ALL '));
    const rows = new Map(answer.map((one) => [one.at, Number(one.rows)]));
    counted.push(...batch.map((table, at) => ({ table, rows: rows.get(at) ?? -1 })));
    await session.run('ROLLBACK TO SAVEPOINT holdfast_count; RELEASE SAVEPOINT holdfast_count');
  }
  return counted;
}

/** Where a sequence stands: the last value that it has given out, or the one before its first. */
export type Positions = ReadonlyMap<string, string>;

/** Reads where sequences stand. They are in no snapshot: what is read is what they are now. */
export async function readPositions(session: PsqlSession): Promise<Positions> {
  const names = await session.query<{ name: string; step: string }>(SEQUENCE_NAMES);
  const positions = new Map<string, string>();
  for (const batch of batches(names)) {
    const reads = batch.map(
      ({ name, step }, at) =>
        `SELECT ${at} AS at, (last_value::numeric - CASE WHEN is_called THEN 0 ELSE ${step} END)::text AS value FROM ${name}`,
    );
    for (const { at, value } of await session.query<{ at: number; value: string }>(
      reads.join(' UNION ALL '),
    )) {
      positions.set(batch[at]?.name ?? '', value);
    }
  }
  return positions;
}

/** Between which positions a dump has found each sequence, of those read before it and after it. */
export function rangesOf(before: Positions, after: Positions): readonly SequenceRange[] {
  return [...before].map(([sequence, from]) => ({
    sequence,
    from,
    to: after.get(sequence) ?? from,
  }));
}

/**
 * Reads what a database holds. Call it in a transaction of REPEATABLE READ: every query must see one snapshot.
 *
 * @param tables those to count, from {@link tablesOf}
 */
export async function readContents(
  session: PsqlSession,
  database: string,
  tables: readonly string[],
): Promise<ServerDatabase> {
  const schema: ObjectCount[] = [];
  for (const query of SCHEMA_QUERIES) schema.push(await countObjects(session, query));
  const whole = createHash('sha256');
  for (const { objects, sha256 } of schema) whole.update(`${objects} ${sha256}\n`);
  const largeObjects = await countObjects(session, LARGE_OBJECTS);
  return {
    database,
    schemaSha256: whole.digest('hex'),
    tables: await countRows(session, tables),
    objects: [...schema, largeObjects].toSorted((a, b) => (a.objects < b.objects ? -1 : 1)),
  };
}

/** Whether a position lies between two others, whichever is greater. */
function isBetween(value: bigint, one: bigint, other: bigint): boolean {
  return one <= other ? one <= value && value <= other : other <= value && value <= one;
}

/** What is wrong with a restored database that its source's contents do not tell. */
export async function inspectCopy(
  session: PsqlSession,
  sequences: readonly SequenceRange[],
): Promise<Difference[]> {
  const invalid = await session.query<{ name: string }>(INVALID_INDEXES);
  const found = await readPositions(session);
  const moved = sequences.filter(({ sequence, from, to }) => {
    const value = found.get(sequence);
    return value !== undefined && !isBetween(BigInt(value), BigInt(from), BigInt(to));
  });
  return [
    ...invalid.map(({ name }) => ({ what: `index ${name}`, expected: 'valid', found: 'invalid' })),
    ...moved.map(({ sequence, from, to }) => ({
      what: `sequence ${sequence}`,
      expected: from === to ? `at ${from}` : `at ${from} to ${to}`,
      found: `at ${found.get(sequence)}`,
    })),
  ];
}
