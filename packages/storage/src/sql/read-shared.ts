import type { CachedResult, GivenInput, Permit, RunId, ScheduleRecord } from '@holdfast/core';
import type { Kysely } from 'kysely';
import { decodeCached, decodeInput, decodePermit, decodeSchedule } from '../record/shared-row.ts';
import { decodeReadable } from './reads.ts';
import type { Tables } from './tables.ts';

/** The result under a key. */
export async function readCached(
  query: Kysely<Tables>,
  key: string,
): Promise<CachedResult | undefined> {
  const row = await query.selectFrom('cache').selectAll().where('key', '=', key).executeTakeFirst();
  return row === undefined ? undefined : decodeCached(row);
}

/** What was given to the runs of a root. */
export async function readInputs(query: Kysely<Tables>, rootId: RunId): Promise<GivenInput[]> {
  const rows = await query
    .selectFrom('input')
    .selectAll()
    .where('root_id', '=', rootId)
    .orderBy('seq')
    .execute();
  return rows.map(decodeInput);
}

/** The permits of some limits that were not given back. */
export async function readPermits(
  query: Kysely<Tables>,
  limits: readonly string[],
): Promise<Permit[]> {
  if (limits.length === 0) return [];
  const rows = await query
    .selectFrom('permit')
    .selectAll()
    .where('limit_name', 'in', limits)
    .execute();
  return rows.toSorted((a, b) => a.seq - b.seq).map(decodePermit);
}

/** Every schedule that parses, by name. */
export async function readSchedules(query: Kysely<Tables>): Promise<ScheduleRecord[]> {
  const rows = await query.selectFrom('schedule').selectAll().orderBy('name').execute();
  return decodeReadable(rows, decodeSchedule);
}
