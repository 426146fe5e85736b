import type { Run, RunId, StateName, StateType } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely, RawBuilder, SelectQueryBuilder } from 'kysely';
import type { ListTerms } from './list-terms.ts';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import { decodeReadable } from './reads.ts';
import type { Tables } from './tables.ts';

type Selection = SelectQueryBuilder<Tables, 'run', RunRow>;

const DEFAULT_LIMIT = 100;

/**
 * The runs that a query describes. Among the runs of one root a damaged one refuses the list; in a
 * list across roots it is left out, and the page is filled up with those after it.
 */
export async function listRuns(query: Kysely<Tables>, wanted: ListTerms): Promise<Run[]> {
  const limit = wanted.limit ?? DEFAULT_LIMIT;
  const ofOneRoot = wanted.rootId !== undefined || wanted.parentId !== undefined;
  const found: Run[] = [];
  let after = wanted.after;
  while (found.length < limit) {
    const size = limit - found.length;
    const page = { ...wanted, limit: size, ...(after === undefined ? {} : { after }) };
    const rows = await selectRuns(query, page).execute();
    found.push(...(ofOneRoot ? rows.map(decodeRun) : decodeReadable(rows, decodeRun)));
    if (rows.length < size) break;
    after = rows.at(-1)?.id as Run['id'];
  }
  return found;
}

/** Where a part of a list is read: an index has the runs directly below a root, another those below any other run. */
type Below = 'root' | 'other';

/**
 * The statement for a query. With several states, or below a run, it joins ordered and limited parts: each is read
 * off an index, where a single `in` or `or` would sort every run that is found.
 */
export function selectRuns(query: Kysely<Tables>, wanted: ListTerms): Selection {
  const states = wanted.states === undefined ? [undefined] : [...new Set(wanted.states)];
  const places: Below[] = ['root', 'other'];
  const parts = states.flatMap((state) =>
    wanted.parentId === undefined
      ? [part(query, wanted, state)]
      : places.map((below) => part(query, wanted, state, below)),
  );
  const [only] = parts;
  if (only === undefined) return part(query, wanted, undefined).where('run.id', 'is', null);
  if (parts.length === 1) return only;
  const [first, ...others] = parts.map((one) => query.selectFrom(one.as('part')).selectAll());
  const all = others.reduce((union, next) => union.unionAll(next), first as Selection);
  return inOrder(query.selectFrom(all.as('run')).selectAll(), wanted);
}

/** The literal is the condition of the index over states. Completed runs are not in it: they are nearly all. */
const NOT_COMPLETED = sql<boolean>`state_type <> 'COMPLETED'`;

function part(
  query: Kysely<Tables>,
  wanted: ListTerms,
  state: StateType | undefined,
  below?: Below,
): Selection {
  const { kind, name, parentId, rootId, topLevel, after, order, key, tag } = wanted;
  const few = parentId !== undefined || rootId !== undefined;
  const byTag = tag !== undefined && !few;
  let runs = byTag ? listedUnder(query, tag) : query.selectFrom('run').selectAll('run');
  const id = byTag ? LISTED_ID : 'run.id';
  if (state !== undefined) runs = runs.where('state_type', '=', state);
  if (state !== undefined && state !== 'COMPLETED') runs = runs.where(NOT_COMPLETED);
  if (kind !== undefined) runs = runs.where('kind', '=', kind);
  if (name !== undefined) runs = runs.where('name', '=', name);
  if (parentId !== undefined) runs = runs.where('parent_id', '=', parentId);
  if (below === 'root') runs = runs.where('run.root_id', '=', parentId as RunId);
  if (below === 'other') runs = runs.where(sql<boolean>`parent_id <> run.root_id`);
  if (rootId !== undefined) runs = runs.where('run.root_id', '=', rootId);
  if (key !== undefined) runs = runs.where('key', '=', key);
  if (tag !== undefined) runs = runs.where(carries(tag));
  if (topLevel === true) runs = runs.where('parent_id', 'is', null);
  if (after !== undefined) runs = runs.where(id, order === 'oldest' ? '>' : '<', after);
  return inOrder(finer(runs, wanted, id), wanted, id);
}

/** Conditions within what the others describe. */
function finer(all: Selection, wanted: ListTerms, id: Place): Selection {
  const { stateNames, schedule, idFrom, idBefore } = wanted;
  let runs = all;
  if (stateNames !== undefined) runs = runs.where(isNamed(stateNames));
  if (schedule !== undefined) {
    runs = runs.where(SCHEDULE, '=', schedule).where('run.parent_id', 'is', null);
  }
  if (idFrom !== undefined) runs = runs.where(id, '>=', idFrom);
  if (idBefore !== undefined) runs = runs.where(id, '<', idBefore);
  return runs;
}

/** The name of a state. What does not parse is for the decoding to refuse. */
function isNamed(names: readonly StateName[]): RawBuilder<boolean> {
  if (names.length === 0) return sql<boolean>`false`;
  const name = sql`json_extract(run.state_json, '$.name')`;
  const known = sql`${name} in (${sql.join([...names])})`;
  return sql<boolean>`(case when json_valid(run.state_json) then ${known} else true end)`;
}

/** The schedule of a run, in the words of the index on it. */
const SCHEDULE = sql<string>`case when json_valid(body_json) then json_extract(body_json, '$.scheduled.schedule') end`;

/** The id by which a list of a tag is in order; that it is the run's, too, SQLite does not see. */
const LISTED_ID = sql<string>`run_tag.run_id`;

/** The runs listed under a tag. The cross join fixes the order: SQLite might rather walk through all runs. */
function listedUnder(query: Kysely<Tables>, tag: string): Selection {
  const listed = query.selectFrom('run_tag').crossJoin('run').selectAll('run');
  return listed.whereRef('run.id', '=', 'run_tag.run_id').where('run_tag.tag', '=', tag);
}

/** Its own tags decide, for a list may hold runs that lost the tag. What does not parse is for the decoding to refuse. */
function carries(tag: string): RawBuilder<boolean> {
  const tags = sql`select value from json_each(run.body_json, '$.tags')`;
  return sql<boolean>`(case when json_valid(run.body_json) then ${tag} in (${tags}) else true end)`;
}

type Place = 'run.id' | 'id' | typeof LISTED_ID;

function inOrder(runs: Selection, wanted: ListTerms, id: Place = 'id'): Selection {
  const { order, limit = DEFAULT_LIMIT } = wanted;
  return runs.orderBy(id, order === 'oldest' ? 'asc' : 'desc').limit(limit);
}
