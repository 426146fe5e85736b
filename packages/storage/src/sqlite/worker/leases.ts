import type {
  Fence,
  Lease,
  LeaseGrant,
  LeaseRenewal,
  LeaseRequest,
  LeaseTerms,
} from '@holdfast/core';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { StoreFault } from '../../record/fault.ts';
import { leaseOf } from '../../record/lease-row.ts';
import { LATER } from '../../sql/placeholders.ts';
import type { LeaseTable } from '../../sql/tables.ts';
import type { Statement } from './statements.ts';

interface LeaseStatements {
  readonly select: Statement;
  /** holder, epoch, expires_at; root_id. */
  readonly take: Statement;
  /** expires_at; root_id, epoch, holder. */
  readonly renew: Statement;
  readonly release: Statement;
}

function prepare({ query, connection }: Database): LeaseStatements {
  const one = query.selectFrom('lease').selectAll('lease').where('lease.root_id', '=', LATER);
  const inForce = query
    .updateTable('lease')
    .where('root_id', '=', LATER)
    .where('epoch', '=', LATER);
  return {
    select: connection.prepareCompiled(one),
    take: connection.prepareCompiled(
      query
        .updateTable('lease')
        .set({ holder: LATER, epoch: LATER, expires_at: LATER })
        .where('root_id', '=', LATER),
    ),
    renew: connection.prepareCompiled(
      inForce.set({ expires_at: LATER }).where('holder', '=', LATER),
    ),
    release: connection.prepareCompiled(
      inForce.set({ holder: sql.lit(''), expires_at: sql.lit(0) }),
    ),
  };
}

/** Takes, extends and gives back leases: each call one transaction. */
export class Leases {
  readonly #database: Database;
  readonly #sql: LeaseStatements;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** On the disk before it is granted, so that an epoch is never given twice, not even across a power cut. */
  acquire({ rootId, holder, ttl, now, deadLease }: LeaseRequest): LeaseGrant {
    return this.#database.transaction('machine', () => {
      const row = this.#sql.select.get(rootId) as LeaseTable | undefined;
      if (row === undefined) throw unknownRun(rootId);
      const dead = deadLease?.holder === row.holder && deadLease.epoch === row.epoch;
      const free = row.holder === '' || row.expires_at <= now || dead;
      if (!free) return { granted: false, lease: leaseOf(row) };
      const lease: Lease = { rootId, holder, epoch: row.epoch + 1, expiresAt: now + ttl };
      this.#sql.take.run([lease.holder, lease.epoch, lease.expiresAt, rootId]);
      return { granted: true, lease };
    });
  }

  renew(
    fences: readonly Fence[],
    { holder, ttl, now }: LeaseTerms & { readonly now: number },
  ): LeaseRenewal[] {
    return this.#database.transaction('process', () =>
      fences.map(({ rootId, epoch }) => {
        const { changes } = this.#sql.renew.run([now + ttl, rootId, epoch, holder]);
        if (changes === 0) return { rootId, held: false };
        const { cancel_reason: reason } = this.#sql.select.get(rootId) as LeaseTable;
        return reason === null
          ? { rootId, held: true }
          : { rootId, held: true, cancelReason: reason };
      }),
    );
  }

  release(fences: readonly Fence[]): void {
    this.#database.transaction('process', () => {
      for (const { rootId, epoch } of fences) this.#sql.release.run([rootId, epoch]);
    });
  }
}

function unknownRun(rootId: string): StoreFault {
  return new StoreFault({
    code: 'RUN_UNKNOWN',
    message: `There is no top-level run ${rootId}`,
    hint: 'Take a lease of a run that was created and has no parent.',
    retryable: false,
    context: { rootId },
  });
}
