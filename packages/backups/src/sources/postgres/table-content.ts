import type { ObjectCount, TableRows } from '../../model/fingerprint.ts';
import { tableContent } from '../servers/table-content.ts';
import { batches, type ObjectQuery, TABLES } from './catalog-queries.ts';
import type { PsqlSession } from './session.ts';

/** A table whose rows are counted. */
export interface TableFacts {
  /** Quoted as SQL needs it. */
  readonly name: string;
  /** What it takes on the server's disk. */
  readonly bytes: number;
  /** The columns that a dump holds, as a list of SQL. */
  readonly columns: string;
}

/** What of a database is hashed: the content of these tables, and of large objects. */
export interface Hashed {
  readonly tables: ReadonlySet<string>;
  readonly largeObjects: boolean;
}

/** All that is counted and hashed of the rows of a database. */
export interface Rows {
  readonly tables: readonly TableRows[];
  readonly content: readonly ObjectCount[];
}

/** Large objects, with a hash of each one's content, a piece of 1 MiB after the other. */
export const LARGE_OBJECT_CONTENT: ObjectQuery = {
  objects: 'content of large objects',
  query: `WITH RECURSIVE piece (oid, at, bytes, hash) AS (
      SELECT m.oid, 0::bigint, length(p.b), sha256(p.b)
        FROM pg_largeobject_metadata m, LATERAL (SELECT lo_get(m.oid, 0, 1048576) AS b OFFSET 0) p
      UNION ALL SELECT o.oid, o.at + 1048576, length(p.b), sha256(p.b)
        FROM piece o, LATERAL (SELECT lo_get(o.oid, o.at + 1048576, 1048576) AS b OFFSET 0) p WHERE o.bytes = 1048576)
    SELECT jsonb_build_array(oid::text, sum(bytes)::text,
      encode(sha256(string_agg(hash, ''::bytea ORDER BY at)), 'hex'))::text COLLATE "C" AS v FROM piece GROUP BY oid`,
};

/** Reads which tables there are. */
export async function tablesOf(session: PsqlSession): Promise<readonly TableFacts[]> {
  const rows = await session.query<{ name: string; bytes: string; columns: string }>(TABLES);
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

/**
 * Chooses what is hashed, from the smallest table up, until that would be of more than a number of bytes. Large objects are
 * the last.
 */
export async function chooseHashed(
  session: PsqlSession,
  tables: readonly TableFacts[],
  upTo: number,
): Promise<Hashed> {
  if (upTo === 0) return { tables: new Set(), largeObjects: false };
  const chosen = new Set<string>();
  let left = upTo;
  for (const { name, bytes } of tables.toSorted((a, b) => a.bytes - b.bytes)) {
    left -= bytes;
    if (left < 0) break;
    chosen.add(name);
  }
  const [row] = await session.query<{ bytes: string }>(
    "SELECT pg_table_size('pg_largeobject')::text AS bytes",
  );
  return { tables: chosen, largeObjects: Number(row?.bytes ?? 0) <= left };
}

/** The form of values is that of the session: the same one where the source is read, and a copy of it. */
const FORM =
  "SET LOCAL extra_float_digits = 3; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL TimeZone = 'UTC'; " +
  "SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex'; SET LOCAL lc_monetary = 'C'";

/** The rows have no order: their hashes are added. */
function readStatement({ name, columns }: TableFacts, at: number, isHashed: boolean): string {
  const content = isHashed
    ? `sum(hashtextextended(ROW(${columns})::text COLLATE "C", 0))::text`
    : 'NULL::text';
  return `SELECT ${at} AS at, count(*)::text AS rows, ${content} AS content FROM ONLY ${name}`;
}

/**
 * Counts rows, and hashes those of chosen tables. What a count locks besides the table (its indexes) is let go after each
 * batch: ten thousand tables would fill the server's table of locks.
 */
export async function readRows(
  session: PsqlSession,
  tables: readonly TableFacts[],
  hashed: ReadonlySet<string>,
): Promise<Rows> {
  const rows: TableRows[] = [];
  const content: ObjectCount[] = [];
  for (const batch of batches(tables)) {
    await session.run(`SAVEPOINT holdfast_count; ${FORM}`);
    const reads = batch.map((table, at) => readStatement(table, at, hashed.has(table.name)));
    const answers = await session.query<{ at: number; rows: string; content: string | null }>(
      reads.join(' UNION ALL '),
    );
    for (const [at, { name }] of batch.entries()) {
      const answer = answers.find((one) => one.at === at);
      const count = Number(answer?.rows ?? -1);
      rows.push({ table: name, rows: count });
      if (hashed.has(name)) content.push(tableContent(name, count, answer?.content ?? ''));
    }
    await session.run('ROLLBACK TO SAVEPOINT holdfast_count; RELEASE SAVEPOINT holdfast_count');
  }
  return { tables: rows, content };
}
