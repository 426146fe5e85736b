import { setImmediate } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Fault } from '../protocol.ts';
import { decodeHistory, decodeHook, decodeRun } from '../record/run-row.ts';
import { corruptRecord, StoreFault } from './fault.ts';
import type { Tables } from './schema.ts';

/** Rows examined before the thread serves other calls again. */
const STRIDE = 1000;

/** Decodes every run, step and hook, and gives the fault of each that does not parse. Other calls run in between. */
export async function findDamage(query: Kysely<Tables>): Promise<Fault[]> {
  const faults: Fault[] = [];
  const runs = query.selectFrom('run').selectAll().orderBy('seq').limit(STRIDE);
  for (let after = 0; ;) {
    const rows = await runs.where('seq', '>', after).execute();
    faults.push(...faultsIn(rows, decodeRun));
    for (const { id } of rows) {
      const steps = await query
        .selectFrom('history')
        .selectAll()
        .where('run_id', '=', id)
        .execute();
      faults.push(...faultsIn(steps, decodeHistory));
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.seq;
    await setImmediate();
  }
  const unleased = await query
    .selectFrom('run')
    .leftJoin('lease', 'lease.root_id', 'run.id')
    .select('run.id')
    .where('run.parent_id', 'is', null)
    .where('lease.root_id', 'is', null)
    .execute();
  faults.push(...unleased.map(({ id }) => corruptRecord('lease', id, 'it is missing').fault));
  const hooks = await query.selectFrom('hook').selectAll().execute();
  return [...faults, ...faultsIn(hooks, decodeHook)];
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
