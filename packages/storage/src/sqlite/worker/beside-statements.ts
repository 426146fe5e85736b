import type { Compilable, Kysely } from 'kysely';
import type { Database } from './database.ts';
import { each, LATER } from '../../sql/placeholders.ts';
import type { Tables } from '../../sql/tables.ts';
import type { Statement } from './statements.ts';

/** The statements that write what is kept beside the runs. Their parameters stand in the order of the columns named here. */
export interface BesideStatements {
  /** root_id, run_id, generation, attempt, at, level, message, fields_json. */
  readonly insertLine: Statement;
  /** root_id, run_id, key, then generation, at, description, body_json twice: to be put, and to replace. */
  readonly putArtifact: Statement;
  /** key, then run_id, generation, at, expires_at, result_json twice: to be put, and to replace. */
  readonly putCached: Statement;
  /** root_id, run_id, generation, name, at, value_json. */
  readonly insertInput: Statement;
  /** name, version, done_until, paused, updated_at, facts_json. */
  readonly insertSchedule: Statement;
  /** version, done_until, paused, updated_at, facts_json; name, version expected. */
  readonly updateSchedule: Statement;
}

const ARTIFACT_IDENTITY = ['root_id', 'run_id', 'key'] as const;
const ARTIFACT = ['generation', 'at', 'description', 'body_json'] as const;
const CACHED = ['run_id', 'generation', 'at', 'expires_at', 'result_json'] as const;
const SCHEDULE = ['version', 'done_until', 'paused', 'updated_at', 'facts_json'] as const;

function notes(
  query: Kysely<Tables>,
): Pick<Record<keyof BesideStatements, Compilable>, 'insertLine' | 'putArtifact'> {
  return {
    insertLine: query
      .insertInto('log')
      .values(
        each(
          ...(['root_id', 'run_id', 'generation', 'attempt', 'at'] as const),
          ...(['level', 'message', 'fields_json'] as const),
        ),
      ),
    putArtifact: query
      .insertInto('artifact')
      .values(each(...ARTIFACT_IDENTITY, ...ARTIFACT))
      .onConflict((on) => on.columns(ARTIFACT_IDENTITY).doUpdateSet(each(...ARTIFACT))),
  };
}

function shared(
  query: Kysely<Tables>,
): Omit<Record<keyof BesideStatements, Compilable>, keyof ReturnType<typeof notes>> {
  return {
    putCached: query
      .insertInto('cache')
      .values(each('key', ...CACHED))
      .onConflict((on) => on.column('key').doUpdateSet(each(...CACHED))),
    insertInput: query
      .insertInto('input')
      .values(each('root_id', 'run_id', 'generation', 'name', 'at', 'value_json'))
      .onConflict((on) => on.doNothing()),
    insertSchedule: query
      .insertInto('schedule')
      .values(each('name', ...SCHEDULE))
      .onConflict((on) => on.doNothing()),
    updateSchedule: query
      .updateTable('schedule')
      .set(each(...SCHEDULE))
      .where('name', '=', LATER)
      .where('version', '=', LATER),
  };
}

/** Compiles and prepares them. */
export function besideStatements({ query, connection }: Database): BesideStatements {
  const prepared = Object.entries({ ...notes(query), ...shared(query) }).map(
    ([name, compilable]) => [name, connection.prepareCompiled(compilable)],
  );
  return Object.fromEntries(prepared) as BesideStatements;
}
