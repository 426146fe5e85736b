import type { Compilable, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { each, LATER } from '../../sql/placeholders.ts';
import type { Tables } from '../../sql/tables.ts';
import type { Statement } from './statements.ts';

/** The statements of the write path, prepared once. Their parameters stand in the order of the columns named here. */
export interface CommitStatements {
  /** The columns of the run table; changes nothing when the id or an identity is taken. */
  readonly insertRun: Statement;
  /** generation, version, state_type, state_json, body_json, past_text; then id, version expected, and the identity. */
  readonly updateRun: Statement;
  readonly selectById: Statement;
  readonly selectByIdentity: Statement;
  readonly selectByStart: Statement;
  /** State type and generation, by id. */
  readonly selectStanding: Statement;
  readonly insertHistory: Statement;
  readonly insertHook: Statement;
  readonly deleteHook: Statement;
  readonly insertRecorded: Statement;
  readonly insertChild: Statement;
  readonly deleteChild: Statement;
  /** run_id, root_id, holder, epoch, expires_at, queue, due_at. */
  readonly insertLease: Statement;
  /** Holder and epoch; run_id. */
  readonly selectLease: Statement;
  /** Holder and epoch; run_id, root_id. */
  readonly selectClaim: Statement;
  /** ended_at; run_id. */
  readonly noteEnd: Statement;
  /** due_at; run_id. */
  readonly noteDue: Statement;
  /** tag, run_id, root_id. */
  readonly insertTag: Statement;
  readonly requestCancel: Statement;
  readonly clearCancel: Statement;
}

type Query = Kysely<Tables>;

const RUN_COLUMNS = [
  ...(['id', 'kind', 'name', 'root_id', 'parent_id', 'key', 'idempotency_key'] as const),
  ...(['generation', 'version', 'state_type', 'state_json', 'body_json', 'past_text'] as const),
] as const;

const CHILD_IDENTITY = ['root_id', 'run_id', 'boot_id', 'pid', 'start_time'] as const;

/** Adds to the past of a run, after closing the step that was left open with the state that the row had. */
const PAST = sql<string>`past_text ||
  case when substr(past_text, -1) = ',' then state_json || ']' || char(10) else '' end || ${LATER}`;

function updateRun(query: Query): Compilable {
  return query
    .updateTable('run')
    .set(each('generation', 'version', 'state_type', 'state_json', 'body_json'))
    .set('past_text', PAST)
    .where('id', '=', LATER)
    .where('version', '=', LATER)
    .where('kind', '=', LATER)
    .where('name', '=', LATER)
    .where('root_id', '=', LATER)
    .where(sql<boolean>`parent_id is ${LATER} and key is ${LATER} and idempotency_key is ${LATER}`);
}

function runTable(
  query: Query,
): Pick<
  Record<keyof CommitStatements, Compilable>,
  'insertRun' | 'updateRun' | 'selectById' | 'selectByIdentity' | 'selectByStart' | 'selectStanding'
> {
  const runs = query.selectFrom('run').selectAll();
  return {
    insertRun: query
      .insertInto('run')
      .values(each(...RUN_COLUMNS))
      .onConflict((on) => on.doNothing()),
    updateRun: updateRun(query),
    selectById: runs.where('id', '=', LATER),
    selectByIdentity: runs
      .where('parent_id', '=', LATER)
      .where('name', '=', LATER)
      .where('key', '=', LATER),
    selectByStart: runs
      .where('parent_id', 'is', null)
      .where('name', '=', LATER)
      .where('idempotency_key', '=', LATER),
    selectStanding: query
      .selectFrom('run')
      .select(['state_type', 'generation'])
      .where('id', '=', LATER),
  };
}

function besideRuns(
  query: Query,
): Omit<Record<keyof CommitStatements, Compilable>, keyof ReturnType<typeof runTable>> {
  const lease = query.selectFrom('lease').select(['holder', 'epoch']).where('run_id', '=', LATER);
  return {
    insertHistory: query
      .insertInto('history')
      .values(each('run_id', 'version', 'step', 'generation', 'at', 'state_json')),
    insertHook: query
      .insertInto('hook')
      .values(each('id', 'run_id', 'root_id', 'hook', 'at', 'state_json'))
      .onConflict((on) => on.column('id').doNothing()),
    deleteHook: query.deleteFrom('hook').where('id', '=', LATER),
    insertRecorded: query
      .insertInto('recorded')
      .values(each('root_id', 'run_id', 'scope', 'slot', 'value_json'))
      .onConflict((on) => on.doNothing()),
    insertChild: query
      .insertInto('child')
      .values(each(...CHILD_IDENTITY, 'command'))
      .onConflict((on) => on.doNothing()),
    deleteChild: CHILD_IDENTITY.reduce(
      (deletion, column) => deletion.where(column, '=', LATER),
      query.deleteFrom('child'),
    ),
    insertLease: query
      .insertInto('lease')
      .values(each('run_id', 'root_id', 'holder', 'epoch', 'expires_at', 'queue', 'due_at')),
    selectLease: lease,
    selectClaim: lease.where('root_id', '=', LATER),
    noteEnd: query.updateTable('lease').set('ended_at', LATER).where('run_id', '=', LATER),
    noteDue: query.updateTable('lease').set('due_at', LATER).where('run_id', '=', LATER),
    insertTag: query
      .insertInto('run_tag')
      .values(each('tag', 'run_id', 'root_id'))
      .onConflict((on) => on.doNothing()),
    requestCancel: query
      .updateTable('lease')
      .set((is) => ({ cancel_reason: is.fn.coalesce('cancel_reason', sql<string>`${LATER}`) }))
      .where('run_id', '=', LATER),
    clearCancel: query
      .updateTable('lease')
      .set('cancel_reason', sql`null`)
      .where('run_id', '=', LATER),
  };
}

/** Compiles and prepares the statements of the write path. */
export function commitStatements({ query, connection }: Database): CommitStatements {
  const prepared = Object.entries({ ...runTable(query), ...besideRuns(query) }).map(
    ([name, compilable]) => [name, connection.prepareCompiled(compilable)],
  );
  return Object.fromEntries(prepared) as CommitStatements;
}
