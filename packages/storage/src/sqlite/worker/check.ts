import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Fault } from '../../record/fault.ts';
import { decodeArtifact, decodeLine } from '../../record/note-row.ts';
import { decodeHistory, decodePast } from '../../record/past.ts';
import { decodeHook, decodeRecorded, decodeRun } from '../../record/run-row.ts';
import type { RunRow } from '../../record/run-row.ts';
import { decodeCached, decodeInput, decodeSchedule } from '../../record/shared-row.ts';
import { corruptRecord, StoreFault } from '../../record/fault.ts';
import { damagedFile, faultOf } from './fault.ts';
import type { Tables } from '../../sql/tables.ts';

type Query = Kysely<Tables>;

/** Rows examined at a time. */
const STRIDE = 1000;

/**
 * Lets SQLite look at its pages and indexes, and decodes every record: gives a fault for each thing that is wrong. Holds
 * up its thread for long.
 */
export async function checkRecords(query: Query, path: string): Promise<Fault[]> {
  const parts = [
    inPages(query, path),
    inRuns(query),
    inLeases(query),
    inTable(query, 'hook', decodeHook),
    inTable(query, 'log', decodeLine),
    inTable(query, 'artifact', decodeArtifact),
    inTable(query, 'input', decodeInput),
    inTable(query, 'cache', decodeCached),
    inSchedules(query),
  ];
  const found = await Promise.allSettled(parts);
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

async function inSchedules(query: Query): Promise<Fault[]> {
  return faultsIn(await query.selectFrom('schedule').selectAll().execute(), decodeSchedule);
}

type Paged = 'run' | 'hook' | 'log' | 'artifact' | 'input' | 'cache';

/** A table's rows, page after page. */
async function* pages<T extends Paged>(
  query: Query,
  table: T,
): AsyncGenerator<readonly Selectable<Tables[T]>[]> {
  for (let after = 0; ;) {
    const page = sql<Selectable<Tables[T]> & { readonly place: number }>`
      select *, rowid as place from ${sql.table(table)}
      where rowid > ${after} order by rowid limit ${sql.lit(STRIDE)}`;
    const { rows } = await page.execute(query);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.place;
  }
}

async function inTable<T extends Paged>(
  query: Query,
  table: T,
  decode: (row: Selectable<Tables[T]>) => unknown,
): Promise<Fault[]> {
  const faults: Fault[] = [];
  for await (const rows of pages(query, table)) faults.push(...faultsIn(rows, decode));
  return faults;
}

/** Runs, their steps, and what was recorded in them. */
async function inRuns(query: Query): Promise<Fault[]> {
  const faults: Fault[] = [];
  const history = query.selectFrom('history').selectAll();
  const recorded = query.selectFrom('recorded').selectAll();
  for await (const rows of pages(query, 'run')) {
    faults.push(...faultsIn(rows, decodeWhole));
    for (const { id, root_id: rootId } of rows) {
      const steps = await history.where('run_id', '=', id).execute();
      const values = recorded.where('root_id', '=', rootId).where('run_id', '=', id);
      faults.push(...faultsIn(steps, decodeHistory));
      faults.push(...faultsIn(await values.execute(), decodeRecorded));
    }
  }
  return faults;
}

/** A run and the steps in its row: what is wrong with both is told once. */
function decodeWhole(row: RunRow): void {
  decodeRun(row);
  decodePast(row);
}

async function inLeases(query: Query): Promise<Fault[]> {
  const unleased = await query
    .selectFrom('run')
    .leftJoin('lease', 'lease.root_id', 'run.id')
    .select('run.id')
    .where('run.parent_id', 'is', null)
    .where('lease.root_id', 'is', null)
    .execute();
  return unleased.map(({ id }) => corruptRecord('lease', id, 'it is missing').fault);
}

function faultsIn<Row>(rows: readonly Row[], decode: (row: Row) => unknown): Fault[] {
  return rows.flatMap((row) => {
    try {
      decode(row);
      return [];
    } catch (error) {
      if (error instanceof StoreFault) return [error.fault];
      throw error;
    }
  });
}
