import type { Run, RunId, StateType } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { ListTerms } from './list-terms.ts';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import { decodeReadable } from './reads.ts';
import type { Tables } from './tables.ts';
import type { Words } from './words.ts';

type Selection = SelectQueryBuilder<Tables, 'run', RunRow>;

const DEFAULT_LIMIT = 100;

/**
 * The runs that a query describes. Among the runs of one root a damaged one refuses the list; in a
 * list across roots it is left out, and the page is filled up with those after it.
 */
export async function listRuns(
  query: Kysely<Tables>,
  words: Words,
  wanted: ListTerms,
): Promise<Run[]> {
  const limit = wanted.limit ?? DEFAULT_LIMIT;
  const ofOneRoot = wanted.rootId !== undefined || wanted.parentId !== undefined;
  const found: Run[] = [];
  let after = wanted.after;
  while (found.length < limit) {
    const size = limit - found.length;
    const page = { ...wanted, limit: size, ...(after === undefined ? {} : { after }) };
    const rows = await selectRuns(query, words, page).execute();
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
export function selectRuns(query: Kysely<Tables>, words: Words, wanted: ListTerms): Selection {
  const states = wanted.states === undefined ? [undefined] : [...new Set(wanted.states)];
  const places: Below[] = ['root', 'other'];
  const parts = states.flatMap((state) =>
    wanted.parentId === undefined
      ? [part(query, words, wanted, state)]
      : places.map((below) => part(query, words, wanted, state, below)),
  );
  const [only] = parts;
  if (only === undefined) return part(query, words, wanted, undefined).where('run.id', 'is', null);
  if (parts.length === 1) return only;
  const [first, ...others] = parts.map((one) => query.selectFrom(one.as('part')).selectAll());
  const all = others.reduce((union, next) => union.unionAll(next), first as Selection);
  return inOrder(query.selectFrom(all.as('run')).selectAll(), wanted);
}

/** The literal is the condition of the index over states. Completed runs are not in it: they are nearly all. */
const NOT_COMPLETED = sql<boolean>`state_type <> 'COMPLETED'`;

/** The condition of the index over what ended badly, by name; and its states. */
const ENDED_BADLY = sql<boolean>`state_type in ('FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED')`;
const BAD: readonly StateType[] = ['FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED'];

/** The condition of the indexes over flows: they are few among tasks. */
const OF_FLOWS = sql<boolean>`kind = 'flow'`;

function part(
  query: Kysely<Tables>,
  words: Words,
  wanted: ListTerms,
  state: StateType | undefined,
  below?: Below,
): Selection {
  const { kind, name, parentId, rootId, topLevel, after, order, key, tag } = wanted;
  const few = parentId !== undefined || rootId !== undefined;
  const byTag = tag !== undefined && !few;
  let runs = byTag
    ? listedUnder(query, tag, topLevel === true)
    : query.selectFrom('run').selectAll('run');
  const id = byTag ? (topLevel === true ? LISTED_ROOT : LISTED_ID) : 'run.id';
  if (state !== undefined) runs = runs.where('state_type', '=', state);
  // What failed anywhere may be more than there is in a place.
  const anywhere = !few && topLevel !== true;
  const flows = kind === 'flow' && name === undefined && !byTag && anywhere;
  if (anywhere && !flows && state !== undefined && state !== 'COMPLETED') {
    runs = runs.where(name !== undefined && BAD.includes(state) ? ENDED_BADLY : NOT_COMPLETED);
  }
  if (flows) runs = runs.where(OF_FLOWS);
  else if (kind !== undefined) runs = runs.where('kind', '=', kind);
  if (name !== undefined) runs = runs.where('name', '=', name);
  if (parentId !== undefined) runs = runs.where('parent_id', '=', parentId);
  if (below === 'root') runs = runs.where('run.root_id', '=', parentId as RunId);
  if (below === 'other') runs = runs.where(sql<boolean>`parent_id <> run.root_id`);
  if (rootId !== undefined) runs = runs.where('run.root_id', '=', rootId);
  if (key !== undefined) runs = runs.where('key', '=', key);
  if (tag !== undefined) runs = runs.where(words.carries(tag));
  if (topLevel === true) runs = runs.where('parent_id', 'is', null);
  if (after !== undefined) runs = runs.where(id, order === 'oldest' ? '>' : '<', after);
  return inOrder(finer(runs, words, wanted, id), wanted, id);
}

/** Conditions within what the others describe. */
function finer(all: Selection, words: Words, wanted: ListTerms, id: Place): Selection {
  const { stateNames, schedule, idFrom, idBefore } = wanted;
  let runs = all;
  if (stateNames !== undefined) runs = runs.where(words.isNamed(stateNames));
  if (schedule !== undefined) {
    runs = runs.where(words.schedule, '=', schedule).where('run.parent_id', 'is', null);
  }
  if (idFrom !== undefined) runs = runs.where(id, '>=', idFrom);
  if (idBefore !== undefined) runs = runs.where(id, '<', idBefore);
  return runs;
}

/** The id by which a list of a tag is in order; that it is the run's, too, SQLite does not see. */
const LISTED_ID = sql<string>`run_tag.run_id`;
/** The same of top-level runs, whose id is that of their root: an index has them alone, in its order. */
const LISTED_ROOT = sql<string>`run_tag.root_id`;

/** The runs listed under a tag. The cross join fixes the order: SQLite might rather walk through all runs. */
function listedUnder(query: Kysely<Tables>, tag: string, topLevel: boolean): Selection {
  let listed = query.selectFrom('run_tag').crossJoin('run').selectAll('run');
  if (topLevel) listed = listed.whereRef('run_tag.run_id', '=', 'run_tag.root_id');
  return listed.whereRef('run.id', '=', 'run_tag.run_id').where('run_tag.tag', '=', tag);
}

type Place = 'run.id' | 'id' | typeof LISTED_ID;

function inOrder(runs: Selection, wanted: ListTerms, id: Place = 'id'): Selection {
  const { order, limit = DEFAULT_LIMIT } = wanted;
  return runs.orderBy(id, order === 'oldest' ? 'asc' : 'desc').limit(limit);
}
