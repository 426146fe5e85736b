import { createHash } from 'node:crypto';
import type { ObjectCount, SequenceRange, ServerDatabase } from '../../model/fingerprint.ts';
import { hasContent, inOrder } from '../servers/table-content.ts';
import type { Difference } from '../source.ts';
import {
  batches,
  INVALID_INDEXES,
  LARGE_OBJECTS,
  type ObjectQuery,
  SCHEMA_QUERIES,
  SEQUENCE_NAMES,
} from './catalog-queries.ts';
import { COMMENTS, RIGHTS } from './rights.ts';
import type { PsqlSession } from './session.ts';
import { type Hashed, LARGE_OBJECT_CONTENT, readRows, type TableFacts } from './table-content.ts';

async function countObjects(
  session: PsqlSession,
  { objects, query }: ObjectQuery,
): Promise<ObjectCount> {
  const rows = await session.query<{ v: string }>(`${query} ORDER BY 1`);
  const hash = createHash('sha256');
  for (const { v } of rows) hash.update(`${v}\n`);
  return { objects, count: rows.length, sha256: hash.digest('hex') };
}

/**
 * Keeps tables from being emptied, rewritten or dropped until the transaction ends: TRUNCATE is seen by older
 * snapshots, too. The same lock that pg_dump takes.
 */
export async function lockTables(
  session: PsqlSession,
  tables: readonly TableFacts[],
): Promise<void> {
  for (const batch of batches(tables)) {
    const list = batch.map(({ name }) => `ONLY ${name}`).join(', ');
    await session.run(`LOCK TABLE ${list} IN ACCESS SHARE MODE`);
  }
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

/** What is read of a database. */
export interface Reading {
  readonly tables: readonly TableFacts[];
  readonly hashed: Hashed;
  /** Whether owners and grants are. */
  readonly rights: boolean;
  readonly comments: boolean;
}

/** Reads what a database holds. Call it in a transaction of REPEATABLE READ: every query must see one snapshot. */
export async function readContents(
  session: PsqlSession,
  database: string,
  reading: Reading,
): Promise<ServerDatabase> {
  const { hashed, rights, comments } = reading;
  const schema: ObjectCount[] = [];
  for (const query of SCHEMA_QUERIES) schema.push(await countObjects(session, query));
  const whole = createHash('sha256');
  for (const { objects, sha256 } of schema) whole.update(`${objects} ${sha256}\n`);
  const more: ObjectCount[] = [];
  for (const query of [
    LARGE_OBJECTS,
    ...(hashed.largeObjects ? [LARGE_OBJECT_CONTENT] : []),
    ...(rights ? [RIGHTS] : []),
    ...(comments ? [COMMENTS] : []),
  ]) {
    more.push(await countObjects(session, query));
  }
  const { tables, content } = await readRows(session, reading.tables, hashed.tables);
  return {
    database,
    schemaSha256: whole.digest('hex'),
    tables,
    objects: inOrder([...schema, ...more, ...content]),
  };
}

/**
 * What is read of a copy, to be compared with what its source held: no more than that tells.
 *
 * @param rights whether the copy has the owners and grants of its source
 */
export function readingLike(
  { objects }: ServerDatabase,
  tables: readonly TableFacts[],
  rights: boolean,
): Reading {
  const has = (kind: string): boolean => objects.some((one) => one.objects === kind);
  const hashed = tables.filter(({ name }) => hasContent(objects, name));
  return {
    tables,
    hashed: {
      tables: new Set(hashed.map(({ name }) => name)),
      largeObjects: has(LARGE_OBJECT_CONTENT.objects),
    },
    rights: rights && has(RIGHTS.objects),
    comments: has(COMMENTS.objects),
  };
}

/** What a copy is expected to hold; one without the owners and grants of its source is not held to them. */
export function withoutRights(database: ServerDatabase): ServerDatabase {
  const objects = database.objects.filter((one) => one.objects !== RIGHTS.objects);
  return { ...database, objects };
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
