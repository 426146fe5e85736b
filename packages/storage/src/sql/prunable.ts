import type { PruneRequest } from '@holdfast/core';
import { sql } from 'kysely';
import type { Compilable, Kysely, SelectQueryBuilder } from 'kysely';
import type { Tables } from './tables.ts';

/** Expired results forgotten in one call. */
export const EXPIRED_LIMIT = 1000;

/** What belongs to a root, by its id, beside leases. Runs come last: how many went is counted, and history is found by them. */
export const OF_A_ROOT = [
  'recorded',
  'child',
  'log',
  'artifact',
  'input',
  'run_tag',
  'run',
] as const;

/** Forgets the lease of a root, and those below it, each off its index: by the id of the root. */
export function forgetLeases(query: Kysely<Tables>, rootId: string): readonly Compilable[] {
  const leases = query.deleteFrom('lease');
  return [
    leases.where('run_id', '=', rootId),
    leases.where('root_id', '=', rootId).whereRef('root_id', '<>', 'run_id'),
  ];
}

/** Those that have ended, nobody leases, and no hook is due of: the ones that ended first leading. */
export function selectPrunable(
  query: Kysely<Tables>,
  { endedBefore, states, name, limit }: PruneRequest,
): SelectQueryBuilder<Tables, 'lease', { root_id: string }> {
  let roots = query
    .selectFrom('lease')
    .select('lease.root_id')
    .where('lease.holder', '=', sql.lit(''))
    .where('lease.ended_at', 'is not', null)
    .where('lease.ended_at', '<', endedBefore)
    .where((is) =>
      is.not(
        is.exists(
          is.selectFrom('hook').select('hook.seq').whereRef('hook.root_id', '=', 'lease.root_id'),
        ),
      ),
    );
  if (states !== undefined || name !== undefined) {
    roots = roots.where((is) => {
      let run = is.selectFrom('run').select('run.seq').whereRef('run.id', '=', 'lease.root_id');
      if (states !== undefined) run = run.where('run.state_type', 'in', states);
      if (name !== undefined) run = run.where('run.name', '=', name);
      return is.exists(run);
    });
  }
  return roots.orderBy('lease.ended_at').limit(limit);
}
