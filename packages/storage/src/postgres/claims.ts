import type { Claim, ClaimQuery, ClaimRequest } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { StoreFault } from '../record/fault.ts';
import { leaseOf } from '../record/lease-row.ts';
import { decodeRun } from '../record/run-row.ts';
import type { RunRow } from '../record/run-row.ts';
import type { LeaseTable, Tables } from '../sql/tables.ts';
import type { Run } from './committer.ts';
import { SCHEMA_VERSION } from './migrations.ts';

const DEFAULT_LIMIT = 100;

interface ClaimRow {
  readonly run: RunRow;
  readonly lease: LeaseTable;
  readonly cancel_reason: string | null;
}

/** Undefined for a record that does not parse. */
function claimOf({ run, lease, cancel_reason: cancelReason }: ClaimRow): Claim | undefined {
  try {
    const claim = { run: decodeRun(run), lease: leaseOf(lease) };
    return cancelReason === null ? claim : { ...claim, cancelReason };
  } catch (error) {
    if (error instanceof StoreFault) return undefined;
    throw error;
  }
}

/** Takes runs that wait on queues. A record that does not parse is taken by nobody, and others take its place. */
export async function claimRuns(
  run: Run,
  schema: string,
  request: ClaimRequest,
  giveBack: (leases: readonly Claim['lease'][]) => Promise<void>,
): Promise<Claim[]> {
  const { queues, flows, tasks, holder, now, ttl, limit } = request;
  const statement = `select * from "${schema}".claim($1, $2, $3, $4, $5, $6, $7, $8, $9)`;
  const found: Claim[] = [];
  const without: string[] = [...(request.without ?? [])];
  while (found.length < limit) {
    const who: unknown[] = [SCHEMA_VERSION, [...new Set(queues)], flows, tasks, holder];
    const terms = [now, now + ttl, limit - found.length, without];
    const rows = (await run(statement, who.concat(terms))) as ClaimRow[];
    const misread = rows.filter((row) => {
      const claimed = claimOf(row);
      if (claimed !== undefined) found.push(claimed);
      return claimed === undefined;
    });
    if (misread.length === 0) break;
    without.push(...misread.map(({ lease }) => lease.run_id));
    await giveBack(misread.map(({ lease }) => leaseOf(lease)));
  }
  return found;
}

/** Runs that could be claimed but for a lease that was taken. */
export async function readClaimed(
  database: Kysely<Tables>,
  { queues, holder, expiredBy = Number.MAX_VALUE, limit = DEFAULT_LIMIT }: ClaimQuery,
): Promise<Claim[]> {
  if (queues.length === 0) return [];
  const rows = await database
    .selectFrom('lease')
    .innerJoin('run', 'run.id', 'lease.run_id')
    .leftJoin('lease as root', 'root.run_id', 'lease.root_id')
    .where('lease.queue', 'in', queues)
    .where('lease.due_at', 'is not', null)
    .where((is) =>
      holder === undefined ? is('lease.holder', '<>', '') : is('lease.holder', '=', holder),
    )
    .where('lease.expires_at', '<=', expiredBy)
    .select([
      sql<RunRow>`row_to_json(run)`.as('run'),
      sql<LeaseTable>`row_to_json(lease)`.as('lease'),
      sql<string | null>`coalesce(root.cancel_reason, lease.cancel_reason)`.as('cancel_reason'),
    ])
    .orderBy('lease.expires_at')
    .orderBy('lease.run_id')
    .limit(limit)
    .execute();
  return rows.flatMap((row) => claimOf(row) ?? []);
}
