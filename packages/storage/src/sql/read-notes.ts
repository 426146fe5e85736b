import type { LogQuery, RunArtifact, RunId, StoredLogEntry } from '@holdfast/core';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { decodeArtifact, decodeLine, GRAVITY } from '../record/note-row.ts';
import type { Tables } from './tables.ts';

const DEFAULT_LIMIT = 1000;

/** The plus keeps SQLite from reading all lines of a root where those of one run are wanted. */
const ROOT_ID = sql<string>`+root_id`;

/** Lines at and below a root. */
export async function readLines(
  query: Kysely<Tables>,
  wanted: LogQuery,
): Promise<StoredLogEntry[]> {
  const { rootId, runId, level, after = 0, limit = DEFAULT_LIMIT } = wanted;
  let lines = query.selectFrom('log').selectAll().where('position', '>', after);
  if (runId === undefined) lines = lines.where('root_id', '=', rootId);
  else lines = lines.where('run_id', '=', runId).where(ROOT_ID, '=', rootId);
  if (level !== undefined) lines = lines.where('level', '>=', GRAVITY[level]);
  return (await lines.orderBy('position').limit(limit).execute()).map(decodeLine);
}

/** The artifacts at and below a root. */
export async function readArtifacts(query: Kysely<Tables>, rootId: RunId): Promise<RunArtifact[]> {
  const rows = await query
    .selectFrom('artifact')
    .selectAll()
    .where('root_id', '=', rootId)
    .orderBy('seq')
    .execute();
  return rows.map(decodeArtifact);
}
