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
  /** run_id, root_id. */
  readonly select: Statement;
  /** holder, epoch, expires_at; run_id. */
  readonly take: Statement;
  /** expires_at; run_id, root_id, epoch, holder. */
  readonly renew: Statement;
  /** run_id, root_id, epoch. */
  readonly release: Statement;
}

function prepare({ query, connection }: Database): LeaseStatements {
  const one = query
    .selectFrom('lease')
    .selectAll('lease')
    .where('run_id', '=', LATER)
    .where('root_id', '=', LATER);
  const inForce = query
    .updateTable('lease')
    .where('run_id', '=', LATER)
    .where('root_id', '=', LATER)
    .where('epoch', '=', LATER);
  return {
    select: connection.prepareCompiled(one),
    take: connection.prepareCompiled(
      query
        .updateTable('lease')
        .set({ holder: LATER, epoch: LATER, expires_at: LATER })
        .where('run_id', '=', LATER),
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
  acquire({ rootId, runId, holder, ttl, now, deadLease }: LeaseRequest): LeaseGrant {
    return this.#database.transaction('machine', () => {
      const row = runId === rootId ? undefined : this.#select(runId ?? rootId, rootId);
      if (row === undefined) throw unknownRun(rootId, runId);
      const dead = deadLease?.holder === row.holder && deadLease.epoch === row.epoch;
      const free = row.holder === '' || row.expires_at <= now || dead;
      if (!free) return { granted: false, lease: leaseOf(row) };
      const lease: Lease = { ...leaseOf(row), holder, epoch: row.epoch + 1, expiresAt: now + ttl };
      this.#sql.take.run([lease.holder, lease.epoch, lease.expiresAt, row.run_id]);
      return { granted: true, lease };
    });
  }

  #select(runId: string, rootId: string): LeaseTable | undefined {
    return this.#sql.select.get(runId, rootId) as LeaseTable | undefined;
  }

  renew(
    fences: readonly Fence[],
    { holder, ttl, now }: LeaseTerms & { readonly now: number },
  ): LeaseRenewal[] {
    return this.#database.transaction('process', () =>
      fences.map(({ rootId, runId, epoch }) => {
        const of = runId === undefined ? { rootId } : { rootId, runId };
        const id = runId ?? rootId;
        const { changes } = this.#sql.renew.run([now + ttl, id, rootId, epoch, holder]);
        if (changes === 0 || runId === rootId) return { ...of, held: false };
        const ofRoot = this.#select(rootId, rootId)?.cancel_reason ?? null;
        const reason = ofRoot ?? this.#select(id, rootId)?.cancel_reason ?? null;
        return reason === null
          ? { ...of, held: true }
          : { ...of, held: true, cancelReason: reason };
      }),
    );
  }

  release(fences: readonly Fence[]): void {
    this.#database.transaction('process', () => {
      for (const { rootId, runId, epoch } of fences) {
        this.#sql.release.run([runId ?? rootId, rootId, epoch]);
      }
    });
  }
}

function unknownRun(rootId: string, runId: string | undefined): StoreFault {
  const what = runId === undefined ? `top-level run ${rootId}` : `run ${runId} with a queue`;
  return new StoreFault({
    code: 'RUN_UNKNOWN',
    message: `There is no ${what}`,
    hint: 'Take a lease of a run that was created and has no parent, or has a queue.',
    retryable: false,
    context: { rootId, ...(runId === undefined ? {} : { runId }) },
  });
}
