import type { ObjectCount, TableRows } from '../../model/fingerprint.ts';
import { inOrder, tableContent } from '../servers/table-content.ts';
import type { Contents, TableFacts } from './contents.ts';
import { type MysqlSession, quoteName } from './session.ts';

/** What was read of one table. */
export interface Counted {
  readonly rows: number;
  /** What `CHECKSUM TABLE` said; undefined where it was not asked. */
  readonly checksum?: string;
}

/** Rows by table. */
export type RowCounts = ReadonlyMap<string, Counted>;

async function checksumOf(session: MysqlSession, table: string): Promise<string | undefined> {
  const [line] = await session.run(`CHECKSUM TABLE ${quoteName(table)} EXTENDED`);
  // The name before it may hold anything, a tab included.
  const checksum = line?.slice(line.lastIndexOf('\t') + 1);
  return checksum === undefined || checksum === 'NULL' ? undefined : checksum;
}

/** Counts rows, in the snapshot that the session has taken. */
export async function countRows(
  session: MysqlSession,
  tables: readonly TableFacts[],
  checksums: boolean,
): Promise<RowCounts> {
  const counts = new Map<string, Counted>();
  for (const { table } of tables) {
    const [rows] = await session.run(`SELECT COUNT(*) FROM ${quoteName(table)}`);
    const checksum = checksums ? await checksumOf(session, table) : undefined;
    counts.set(table, { rows: Number(rows), ...(checksum === undefined ? {} : { checksum }) });
  }
  return counts;
}

/** Rows before and after: one number where both agree, else from the fewest to the most. */
export function joinCounts(before: RowCounts, after: RowCounts): readonly TableRows[] {
  return [...before].map(([table, { rows }]) => {
    const later = after.get(table)?.rows ?? rows;
    const least = Math.min(rows, later);
    return rows === later ? { table, rows } : { table, rows: least, most: Math.max(rows, later) };
  });
}

/** What is kept of checksums: of tables whose content was the same before and after. */
export function contentOf(before: RowCounts, after: RowCounts): readonly ObjectCount[] {
  return [...before].flatMap(([table, { rows, checksum }]) => {
    if (checksum === undefined || checksum !== after.get(table)?.checksum) return [];
    return [tableContent(table, rows, checksum)];
  });
}

/** All that a database holds, in order of name. */
export function objectsOf(
  contents: Contents,
  content: readonly ObjectCount[],
): readonly ObjectCount[] {
  return inOrder([...contents.objects, ...content]);
}
