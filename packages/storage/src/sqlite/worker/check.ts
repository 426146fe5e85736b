import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Fault } from '../../record/fault.ts';
import { checkRows } from '../../sql/check-rows.ts';
import type { Tables } from '../../sql/tables.ts';
import { damagedFile, faultOf } from './fault.ts';

type Query = Kysely<Tables>;

/**
 * Lets SQLite look at its pages and indexes, and decodes every record: gives a fault for each thing that is wrong. Holds
 * up its thread for long.
 */
export async function checkRecords(query: Query, path: string): Promise<Fault[]> {
  const found = await Promise.allSettled([inPages(query, path), ...checkRows(query)]);
  return found.flatMap((part) =>
    // A table that cannot be read to its end: its pages are damaged, which was told, or the disk failed.
    part.status === 'fulfilled' ? part.value : [faultOf(part.reason, path)],
  );
}

/** At most 100, as SQLite tells them. */
async function inPages(query: Query, path: string): Promise<Fault[]> {
  const { rows } = await sql<{ readonly integrity_check: string }>`pragma integrity_check`.execute(
    query,
  );
  const told = rows.map((row) => row.integrity_check);
  return told.filter((text) => text !== 'ok').map((text) => damagedFile(path, text));
}
