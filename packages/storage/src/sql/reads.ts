import type {
  ChildRecord,
  FlowRun,
  HistoryEntry,
  OpenRun,
  PendingHook,
  RecordedValue,
  Run,
  RunId,
} from '@holdfast/core';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { decodeHistory, decodePast } from '../record/past.ts';
import { decodeHook, decodeRecorded, decodeRun } from '../record/run-row.ts';
import { corruptRecord, StoreFault } from '../record/fault.ts';
import { leaseOf } from '../record/lease-row.ts';
import { OPEN_STATE_TYPES } from './open-states.ts';
import type { LeaseTable, Tables } from './tables.ts';
import type { Words } from './words.ts';

type Query = Kysely<Tables>;

const HOOK_LIMIT = 1000;

/**
 * Decodes rows of different roots: one that does not parse is left out, so that it hides no other.
 * `checkRecords` names those left out.
 */
export function decodeReadable<Row, Decoded>(
  rows: readonly Row[],
  decode: (row: Row) => Decoded,
): Decoded[] {
  return rows.flatMap((row) => {
    try {
      return [decode(row)];
    } catch (error) {
      if (error instanceof StoreFault) return [];
      throw error;
    }
  });
}

/** The run with this id. */
export async function readRun(query: Query, id: RunId): Promise<Run | undefined> {
  const row = await query.selectFrom('run').selectAll().where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : decodeRun(row);
}

/** A run's steps over all generations: those in its row, and those in the table. */
export async function readHistory(query: Query, id: RunId): Promise<HistoryEntry[]> {
  const run = await query
    .selectFrom('run')
    .select(['id', 'past_text', 'state_json'])
    .where('id', '=', id)
    .executeTakeFirst();
  const rows = await query
    .selectFrom('history')
    .selectAll()
    .where('run_id', '=', id)
    .orderBy('version')
    .orderBy('step')
    .execute();
  const within = run === undefined ? [] : decodePast(run);
  // The first schema kept every step in the table.
  return [...within, ...rows.map(decodeHistory)].toSorted(
    (a, b) => a.version - b.version || a.step - b.step,
  );
}

/** All below a root; one that does not parse refuses them all, for a recovery must know every outcome. */
export async function readBelow(query: Query, rootId: RunId): Promise<Run[]> {
  const rows = await query
    .selectFrom('run')
    .selectAll()
    .where('root_id', '=', rootId)
    .where('id', '<>', rootId)
    .execute();
  return rows.toSorted((a, b) => a.seq - b.seq).map(decodeRun);
}

/** What was recorded under a root. */
export async function readRecorded(query: Query, rootId: RunId): Promise<RecordedValue[]> {
  const rows = await query
    .selectFrom('recorded')
    .selectAll()
    .where('root_id', '=', rootId)
    .execute();
  return rows.map(decodeRecorded);
}

/** Hooks not seen to be delivered. */
export async function readPendingHooks(
  query: Query,
  rootId: RunId | undefined,
): Promise<PendingHook[]> {
  const hooks = query.selectFrom('hook').selectAll().orderBy('seq');
  if (rootId === undefined) {
    return decodeReadable(await hooks.limit(HOOK_LIMIT).execute(), decodeHook);
  }
  return (await hooks.where('root_id', '=', rootId).execute()).map(decodeHook);
}

/** Children not seen to end. */
export async function readChildren(query: Query, rootId: RunId): Promise<ChildRecord[]> {
  const rows = await query.selectFrom('child').selectAll().where('root_id', '=', rootId).execute();
  return rows.map((row) => ({
    runId: row.run_id as RunId,
    rootId: row.root_id as RunId,
    bootId: row.boot_id,
    pid: row.pid,
    startTime: row.start_time,
    command: row.command,
  }));
}

const LEASE = ['lease.holder', 'lease.epoch', 'lease.expires_at', 'lease.cancel_reason'] as const;

/** In the words of the index over them: what waits on a queue is not in it, however much does. */
const OF_OPEN_ROOTS = sql<boolean>`lease.root_id = lease.run_id and lease.ended_at is null
  and (lease.queue is null or lease.due_at is null or lease.holder <> '')`;

/** Top-level runs that have not ended and do not wait on a queue, and ended ones with hooks pending at or below them. */
export async function readOpenRuns(query: Query, { openLeases }: Words): Promise<OpenRun[]> {
  const open = await query
    .selectFrom(openLeases)
    .innerJoin('run', 'run.id', 'lease.run_id')
    .selectAll('run')
    .select(LEASE)
    .where(OF_OPEN_ROOTS)
    .where('run.state_type', 'in', sql<string>`(${sql.raw(OPEN_STATE_TYPES)})`)
    .execute();
  const ended = await query
    .selectFrom('run')
    .leftJoin('lease', 'lease.run_id', 'run.id')
    .selectAll('run')
    .select(LEASE)
    .where('run.id', 'in', query.selectFrom('hook').select('hook.root_id').distinct())
    .where('run.state_type', 'not in', sql<string>`(${sql.raw(OPEN_STATE_TYPES)})`)
    .execute();
  const rows = [...open, ...ended].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return decodeReadable(rows, (row) => {
    if (row.epoch === null) throw corruptRecord('lease', row.id, 'it is missing');
    return {
      run: decodeRun(row) as FlowRun,
      lease: leaseOf({ ...(row as typeof row & LeaseTable), run_id: row.id, root_id: row.id }),
      ...(row.cancel_reason === null ? {} : { cancelReason: row.cancel_reason }),
    };
  });
}
