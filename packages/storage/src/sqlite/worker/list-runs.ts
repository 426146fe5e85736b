import type { Run, RunQuery, StateType } from '@holdfast/core';
import type { Kysely, SelectQueryBuilder } from 'kysely';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import { decodeReadable } from './reads.ts';
import type { Tables } from './schema.ts';

type Selection = SelectQueryBuilder<Tables, 'run', RunRow>;

const DEFAULT_LIMIT = 100;

/**
 * The runs that a query describes. Among the runs of one root a damaged one refuses the list; in a
 * list across roots it is left out, and the page is filled up with those after it.
 */
export async function listRuns(query: Kysely<Tables>, wanted: RunQuery): Promise<Run[]> {
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

/**
 * The statement for a query. With several states it joins one ordered and limited part per state: each
 * is read off an index, where a single `in` would sort every run in these states.
 */
export function selectRuns(query: Kysely<Tables>, wanted: RunQuery): Selection {
  const states = [...new Set(wanted.states)];
  if (wanted.states === undefined || states.length === 1) {
    return part(query, wanted, states[0]);
  }
  const [first, ...others] = states.map((state) =>
    query.selectFrom(part(query, wanted, state).as('part')).selectAll(),
  );
  if (first === undefined) return part(query, wanted, undefined).where('id', 'is', null);
  const all = others.reduce((union, next) => union.unionAll(next), first);
  return inOrder(query.selectFrom(all.as('run')).selectAll(), wanted);
}

function part(query: Kysely<Tables>, wanted: RunQuery, state: StateType | undefined): Selection {
  const { kind, name, parentId, rootId, topLevel, after, order } = wanted;
  let runs = query.selectFrom('run').selectAll();
  if (state !== undefined) runs = runs.where('state_type', '=', state);
  if (kind !== undefined) runs = runs.where('kind', '=', kind);
  if (name !== undefined) runs = runs.where('name', '=', name);
  if (parentId !== undefined) runs = runs.where('parent_id', '=', parentId);
  if (rootId !== undefined) runs = runs.where('root_id', '=', rootId);
  if (topLevel === true) runs = runs.where('parent_id', 'is', null);
  if (after !== undefined) runs = runs.where('id', order === 'oldest' ? '>' : '<', after);
  return inOrder(runs, wanted);
}

function inOrder(runs: Selection, { order, limit = DEFAULT_LIMIT }: RunQuery): Selection {
  return runs.orderBy('id', order === 'oldest' ? 'asc' : 'desc').limit(limit);
}
