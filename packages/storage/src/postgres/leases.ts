import { HoldfastError } from '@holdfast/core';
import type {
  Fence,
  Lease,
  LeaseGrant,
  LeaseRenewal,
  LeaseRequest,
  LeaseTerms,
} from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely, RawBuilder, Transaction } from 'kysely';
import { leaseOf } from '../record/lease-row.ts';
import type { LeaseTable, Tables } from '../sql/tables.ts';
import { channelOf } from './migrations.ts';
import { onDisk } from './on-disk.ts';

/** On the disk before it is granted, so that an epoch is never given twice, not even across a power cut. */
export async function acquireLease(
  database: Kysely<Tables>,
  request: LeaseRequest,
): Promise<LeaseGrant> {
  return database.transaction().execute(async (transaction) => {
    await onDisk(transaction);
    const taken = await take(transaction, request);
    if (taken !== undefined) return { granted: true, lease: taken };
    const { rootId, runId } = request;
    const leases = transaction.selectFrom('lease').selectAll().where('root_id', '=', rootId);
    const row = await leases.where('run_id', '=', runId ?? rootId).executeTakeFirst();
    if (row === undefined || runId === rootId) throw unknownRun(rootId, runId);
    return { granted: false, lease: leaseOf(row) };
  });
}

async function take(
  transaction: Transaction<Tables>,
  { rootId, runId, holder, ttl, now, deadLease }: LeaseRequest,
): Promise<Lease | undefined> {
  if (runId === rootId) return undefined;
  const row = await transaction
    .updateTable('lease')
    .set((is) => ({ holder, epoch: is('epoch', '+', 1), expires_at: now + ttl }))
    .where('run_id', '=', runId ?? rootId)
    .where('root_id', '=', rootId)
    .where((is) =>
      is.or([
        is('holder', '=', ''),
        is('expires_at', '<=', now),
        ...(deadLease === undefined
          ? []
          : [is.and([is('holder', '=', deadLease.holder), is('epoch', '=', deadLease.epoch)])]),
      ]),
    )
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : leaseOf(row);
}

/** Leases by their fences, locked in one order: nobody who locks several waits for another who does. */
function locked(table: RawBuilder<unknown>, fences: readonly Fence[]): RawBuilder<unknown> {
  const known = fences.filter(({ rootId, runId }) => runId !== rootId);
  const runs = known.map(({ rootId, runId }) => runId ?? rootId);
  const roots = known.map(({ rootId }) => rootId);
  const epochs = known.map(({ epoch }) => epoch);
  return sql`select lease.run_id, lease.epoch from ${table} as lease
    join unnest(${runs}::text[], ${roots}::text[], ${epochs}::bigint[]) as asked (run_id, root_id, epoch)
      on asked.run_id = lease.run_id and asked.root_id = lease.root_id and asked.epoch = lease.epoch
    order by lease.run_id for no key update of lease`;
}

type Renewed = Pick<LeaseTable, 'run_id' | 'epoch' | 'cancel_reason'>;

/** Extends leases. */
export async function renewLeases(
  database: Kysely<Tables>,
  schema: string,
  fences: readonly Fence[],
  { holder, ttl, now }: LeaseTerms & { readonly now: number },
): Promise<LeaseRenewal[]> {
  const table = sql.table(`${schema}.lease`);
  const { rows } = await sql<Renewed>`
    with mine as (${locked(table, fences)}), renewed as (
      update ${table} as lease set expires_at = ${now + ttl} from mine
      where lease.run_id = mine.run_id and lease.epoch = mine.epoch and lease.holder = ${holder}
      returning lease.run_id, lease.root_id, lease.epoch, lease.cancel_reason
    )
    select renewed.run_id, renewed.epoch, coalesce(root.cancel_reason, renewed.cancel_reason) as cancel_reason
    from renewed left join ${table} as root on root.run_id = renewed.root_id`.execute(database);
  const renewed = new Map(rows.map((row) => [row.run_id, row]));
  return fences.map(({ rootId, runId, epoch }) => {
    const of = runId === undefined ? { rootId } : { rootId, runId };
    const row = runId === rootId ? undefined : renewed.get(runId ?? rootId);
    if (row?.epoch !== epoch) return { ...of, held: false };
    const { cancel_reason: reason } = row;
    return reason === null ? { ...of, held: true } : { ...of, held: true, cancelReason: reason };
  });
}

/** Gives leases back, and tells who waits on their queues. */
export async function releaseLeases(
  database: Kysely<Tables>,
  schema: string,
  fences: readonly Fence[],
): Promise<void> {
  const table = sql.table(`${schema}.lease`);
  await sql`
    with mine as (${locked(table, fences)}), released as (
      update ${table} as lease set holder = '', expires_at = 0 from mine
      where lease.run_id = mine.run_id and lease.epoch = mine.epoch returning lease.queue
    )
    select pg_notify(${channelOf(schema)}, 'all') from released where queue is not null limit 1`.execute(
    database,
  );
}

function unknownRun(rootId: string, runId: string | undefined): HoldfastError {
  const what = runId === undefined ? `top-level run ${rootId}` : `run ${runId} with a queue`;
  return new HoldfastError('RUN_UNKNOWN', `There is no ${what}`, {
    hint: 'Take a lease of a run that was created and has no parent, or has a queue.',
    retryable: false,
    context: { rootId, ...(runId === undefined ? {} : { runId }) },
  });
}
