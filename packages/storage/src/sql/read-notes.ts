import type { LogQuery, RunArtifact, RunId, StoredLogEntry } from '@holdfast/core';
import type { Kysely } from 'kysely';
import { decodeArtifact, decodeLine, GRAVITY } from '../record/note-row.ts';
import type { Tables } from './tables.ts';
import type { Words } from './words.ts';

const DEFAULT_LIMIT = 1000;

/** Lines at and below a root. */
export async function readLines(
  query: Kysely<Tables>,
  words: Words,
  wanted: LogQuery,
): Promise<StoredLogEntry[]> {
  const { rootId, runId, level, after = 0, limit = DEFAULT_LIMIT } = wanted;
  let lines = query.selectFrom('log').selectAll().where('position', '>', after);
  if (runId === undefined) lines = lines.where('root_id', '=', rootId);
  else lines = lines.where('run_id', '=', runId).where(words.rootOfLine, '=', rootId);
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
