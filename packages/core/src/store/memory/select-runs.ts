import { firstRunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import type { RunQuery } from '../run-store.ts';
import type { KeptRun } from './kept-run.ts';
import type { MemoryTables } from './memory-tables.ts';

const DEFAULT_LIMIT = 100;

/** The stored runs that a query describes, in its order. */
export function selectRuns(tables: MemoryTables, query: RunQuery): Run[] {
  const ascending = query.order === 'oldest';
  const found: Run[] = [];
  for (const { run } of candidates(tables, query)) {
    if (matches(run, query, ascending)) found.push(run);
  }
  found.sort((a, b) => (a.id < b.id === ascending ? -1 : 1));
  return found.slice(0, query.limit ?? DEFAULT_LIMIT);
}

function candidates(tables: MemoryTables, { rootId, topLevel }: RunQuery): Iterable<KeptRun> {
  if (rootId !== undefined) {
    const root = tables.roots.get(rootId);
    if (root === undefined) return [];
    return [root.entry, ...root.below.flatMap((id) => tables.runs.get(id) ?? [])];
  }
  if (topLevel === true) return Array.from(tables.roots.values(), ({ entry }) => entry);
  return tables.runs.values();
}

function matches(run: Run, query: RunQuery, ascending: boolean): boolean {
  const { kind, name, states, stateNames, key, tag, parentId, topLevel, after } = query;
  return (
    (kind === undefined || run.kind === kind) &&
    (name === undefined || run.name === name) &&
    (states === undefined || states.includes(run.state.type)) &&
    (stateNames === undefined || stateNames.includes(run.state.name)) &&
    (key === undefined || run.key === key) &&
    (tag === undefined || run.tags.includes(tag)) &&
    (parentId === undefined || run.parentId === parentId) &&
    (topLevel !== true || run.parentId === undefined) &&
    (after === undefined || (ascending ? run.id > after : run.id < after)) &&
    isOfSchedule(run, query.schedule) &&
    isMadeWithin(run, query)
  );
}

function isOfSchedule(run: Run, schedule: string | undefined): boolean {
  if (schedule === undefined) return true;
  return run.kind === 'flow' && run.parentId === undefined && run.scheduled?.schedule === schedule;
}

function isMadeWithin({ id }: Run, { createdFrom, createdBefore }: RunQuery): boolean {
  return (
    (createdFrom === undefined || id >= firstRunId(createdFrom)) &&
    (createdBefore === undefined || id < firstRunId(createdBefore))
  );
}
