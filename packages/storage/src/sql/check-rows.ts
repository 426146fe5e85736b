import { sql } from 'kysely';
import type { Kysely, Selectable } from 'kysely';
import type { Fault } from '../record/fault.ts';
import { corruptRecord, StoreFault } from '../record/fault.ts';
import { decodeArtifact, decodeLine } from '../record/note-row.ts';
import { decodeHistory, decodePast } from '../record/past.ts';
import { decodeHook, decodeRecorded, decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import { decodeCached, decodeInput, decodeSchedule } from '../record/shared-row.ts';
import type { Tables } from './tables.ts';

type Query = Kysely<Tables>;

/** Rows examined at a time. */
const STRIDE = 1000;

/** Roots whose records are examined at a time. */
const FEW_ROOTS = 50;

/** Decodes every record, table beside table: a fault for each thing that is wrong. */
export function checkRows(query: Query): readonly Promise<Fault[]>[] {
  return [
    inRuns(query),
    inRecorded(query),
    inLeases(query),
    inTable(query, 'hook', decodeHook),
    inTable(query, 'log', decodeLine),
    inTable(query, 'artifact', decodeArtifact),
    inTable(query, 'input', decodeInput),
    inTable(query, 'cache', decodeCached),
    inSchedules(query),
  ];
}

async function inSchedules(query: Query): Promise<Fault[]> {
  return faultsIn(await query.selectFrom('schedule').selectAll().execute(), decodeSchedule);
}

/** Each table with the column that it is read in the order of. */
const PAGED = {
  run: 'id',
  lease: 'run_id',
  hook: 'seq',
  log: 'position',
  artifact: 'seq',
  input: 'seq',
  cache: 'key',
} as const;

type Paged = keyof typeof PAGED;

/** A table whose row is known to the caller. */
type AnyTable = Kysely<{ [T in Paged]: { [column: string]: string | number } }>;

/** A table's rows, page after page. */
async function* pages<T extends Paged>(
  query: Query,
  table: T,
  size = STRIDE,
): AsyncGenerator<readonly Selectable<Tables[T]>[]> {
  const place = PAGED[table];
  const all = (query as unknown as AnyTable).selectFrom<Paged>(table).selectAll();
  const page = all.orderBy(place).limit(size);
  for (let rows = await page.execute(); ;) {
    const after = rows.at(-1)?.[place];
    if (after === undefined) return;
    yield rows as unknown as readonly Selectable<Tables[T]>[];
    rows = await page.where(sql.ref<string | number>(place), '>', after).execute();
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

/** Runs and their steps. */
async function inRuns(query: Query): Promise<Fault[]> {
  const faults: Fault[] = [];
  const history = query.selectFrom('history').selectAll();
  for await (const rows of pages(query, 'run')) {
    faults.push(...faultsIn(rows, decodeWhole));
    const ids = rows.map(({ id }) => id);
    const steps = await history.where('run_id', 'in', ids).execute();
    faults.push(...faultsIn(steps, decodeHistory));
  }
  return faults;
}

/** What was recorded, root by root. */
async function inRecorded(query: Query): Promise<Fault[]> {
  const faults: Fault[] = [];
  const recorded = query.selectFrom('recorded').selectAll();
  for await (const rows of pages(query, 'lease', FEW_ROOTS)) {
    const roots = rows.filter((row) => row.run_id === row.root_id);
    if (roots.length === 0) continue;
    const ids = roots.map((row) => row.root_id);
    const values = await recorded.where('root_id', 'in', ids).execute();
    faults.push(...faultsIn(values, decodeRecorded));
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
    .leftJoin('lease', 'lease.run_id', 'run.id')
    .select('run.id')
    .where('run.parent_id', 'is', null)
    .where('lease.run_id', 'is', null)
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
