import type { Permit, PermitGrant, PermitRequest } from '@holdfast/core';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { decodePermit } from '../record/shared-row.ts';
import { blockOf } from '../sql/permit-block.ts';
import type { Tables } from '../sql/tables.ts';
import { offDisk } from './on-disk.ts';

/** Takes shares of limits. It need not outlive the machine: neither does who takes it. */
export async function acquirePermits(
  database: Kysely<Tables>,
  schema: string,
  request: PermitRequest,
): Promise<PermitGrant> {
  const { id, holder, wishes } = request;
  return database.transaction().execute(async (transaction) => {
    await offDisk(transaction);
    await makeRoom(transaction, schema, request);
    const taken = await Promise.all(wishes.map(({ limit }) => inForce(transaction, limit)));
    const isMine = (permit: Permit): boolean => permit.id === id && permit.holder === holder;
    if (taken.every((permits) => permits.some(isMine))) return { granted: true };
    const blocks = wishes.flatMap((wish, n) => blockOf(wish, taken[n] ?? []));
    if (blocks.length > 0) return { granted: false, blocks };
    await take(transaction, request);
    return { granted: true };
  });
}

/** Lets nobody else take of these limits until this transaction ends, and takes what is free by now out of them. */
async function makeRoom(
  transaction: Transaction<Tables>,
  schema: string,
  { wishes, now, deadHolders = [] }: PermitRequest,
): Promise<void> {
  const limits = wishes.map(({ limit }) => limit);
  // In one order, so that nobody waits for another who waits.
  for (const limit of limits.toSorted()) {
    const name = `${schema}/limit/${limit}`;
    await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(transaction);
  }
  const permits = transaction.deleteFrom('permit');
  await permits.where('limit_name', 'in', limits).where('expires_at', '<=', now).execute();
  if (deadHolders.length === 0) return;
  await permits.where('rate', '=', 0).where('holder', 'in', deadHolders).execute();
}

async function inForce(transaction: Transaction<Tables>, limit: string): Promise<Permit[]> {
  const permits = transaction.selectFrom('permit').selectAll().where('limit_name', '=', limit);
  return (await permits.orderBy('seq').execute()).map(decodePermit);
}

async function take(
  transaction: Transaction<Tables>,
  { id, holder, wishes, now, ttl }: PermitRequest,
): Promise<void> {
  const rows = wishes.map(({ limit, slots, per }) => ({
    limit_name: limit,
    id,
    holder,
    slots,
    expires_at: now + (per ?? ttl),
    rate: per === undefined ? 0 : 1,
  }));
  await transaction.insertInto('permit').values(rows).execute();
}

/** Extends every permit of a holder, rates left out. */
export async function renewPermits(
  database: Kysely<Tables>,
  { holder, now, ttl }: Pick<PermitRequest, 'holder' | 'now' | 'ttl'>,
): Promise<void> {
  const permits = database.updateTable('permit').set({ expires_at: now + ttl });
  await permits.where('holder', '=', holder).where('rate', '=', 0).execute();
}

/** Gives permits back, rates left out. */
export async function releasePermits(
  database: Kysely<Tables>,
  holder: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const permits = database.deleteFrom('permit').where('rate', '=', 0);
  await permits.where('holder', '=', holder).where('id', 'in', ids).execute();
}
