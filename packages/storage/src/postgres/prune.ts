import type { Pruned, PruneRequest, RunId } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { EXPIRED_LIMIT, OF_A_ROOT, selectPrunable } from '../sql/prunable.ts';
import type { Tables } from '../sql/tables.ts';
import { offDisk } from './on-disk.ts';

/** For how long a store that commits nothing is remembered: see `Committer`. */
const SILENCE = '1 day';

/** Forgets what is old, in one transaction. It need not outlive the machine: what comes back is forgotten again. */
export async function prune(
  database: Kysely<Tables>,
  schema: string,
  request: PruneRequest,
): Promise<Pruned> {
  return database.transaction().execute(async (transaction) => {
    await offDisk(transaction);
    const rootIds = await lockedRoots(transaction, request);
    const runs = rootIds.length === 0 ? 0 : await forget(transaction, rootIds);
    await forgetExpired(transaction, request);
    const writers = sql.table(`${schema}.writer`);
    await sql`delete from ${writers} where at < now() - ${SILENCE}::interval`.execute(transaction);
    return { roots: rootIds.length, runs, rootIds };
  });
}

/** What may go. Roots that somebody is writing to are passed over, and nobody writes to the others from here on. */
async function lockedRoots(
  transaction: Transaction<Tables>,
  request: PruneRequest,
): Promise<RunId[]> {
  const found = await selectPrunable(transaction, request).forUpdate().skipLocked().execute();
  if (found.length === 0) return [];
  // Once more under the lock: a hook may have become due since.
  const ids = found.map((row) => row.root_id);
  const still = selectPrunable(transaction, request).where('lease.root_id', 'in', ids);
  return (await still.execute()).map((row) => row.root_id as RunId);
}

/** How many runs went. */
async function forget(transaction: Transaction<Tables>, rootIds: RunId[]): Promise<number> {
  const below = transaction.selectFrom('run').select('id').where('root_id', 'in', rootIds);
  await transaction.deleteFrom('history').where('run_id', 'in', below).execute();
  await transaction.deleteFrom('lease').where('run_id', 'in', rootIds).execute();
  const leases = transaction.deleteFrom('lease').where('root_id', 'in', rootIds);
  await leases.whereRef('root_id', '<>', 'run_id').execute();
  let runs = 0n;
  for (const table of OF_A_ROOT) {
    const gone = transaction.deleteFrom(table).where('root_id', 'in', rootIds);
    // Runs come last.
    runs = (await gone.executeTakeFirstOrThrow()).numDeletedRows;
  }
  return Number(runs);
}

async function forgetExpired(
  transaction: Transaction<Tables>,
  { now, endedBefore }: PruneRequest,
): Promise<void> {
  const expired = transaction
    .selectFrom('cache')
    .select('key')
    .where('expires_at', 'is not', null)
    .where('expires_at', '<', now)
    .orderBy('expires_at')
    .limit(EXPIRED_LIMIT);
  await transaction.deleteFrom('cache').where('key', 'in', expired).execute();
  await transaction.deleteFrom('permit').where('expires_at', '<', endedBefore).execute();
}
