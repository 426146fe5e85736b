import type { Claim, ClaimQuery, ClaimRequest, Lease } from '@holdfast/core';
import { sql } from 'kysely';
import type { Compilable, Kysely, SelectQueryBuilder } from 'kysely';
import { StoreFault } from '../../record/fault.ts';
import { leaseOf } from '../../record/lease-row.ts';
import { decodeRun } from '../../record/run-row.ts';
import type { RunRow } from '../../record/run-row.ts';
import { LATER } from '../../sql/placeholders.ts';
import type { LeaseTable, Tables } from '../../sql/tables.ts';
import type { Database } from './database.ts';
import type { Statement } from './statements.ts';

const DEFAULT_LIMIT = 100;

/** Rows read at a time where the first ones did not do: what a worker does not know, or does not parse, is passed over. */
const STRIDE = 100;

/** A run on a queue, its lease, and what was asked of its root. */
type ClaimRow = RunRow &
  LeaseTable & {
    readonly lease_root: string;
    readonly free_at: number;
    readonly cancel: string | null;
  };

/** From when on a run is free, in the words of the index over it. */
const FREE_AT = sql<number>`max(lease.due_at, lease.expires_at)`;

/** Why a run is to stop: because its root is, or by itself. */
const CANCEL = sql<string | null>`coalesce(root.cancel_reason, lease.cancel_reason)`;

type Found = SelectQueryBuilder<Tables, 'lease' | 'run', object>;

function onQueue(query: Kysely<Tables>): Found {
  return query
    .selectFrom('lease')
    .crossJoin('run')
    .leftJoin('lease as root', 'root.run_id', 'lease.root_id')
    .whereRef('run.id', '=', 'lease.run_id')
    .where('lease.queue', 'is not', null)
    .where('lease.due_at', 'is not', null)
    .where('lease.queue', '=', LATER)
    .selectAll('run')
    .select(['lease.run_id', 'lease.root_id as lease_root', 'lease.holder', 'lease.epoch'])
    .select(['lease.expires_at', CANCEL.as('cancel'), FREE_AT.as('free_at')])
    .orderBy(FREE_AT)
    .orderBy('lease.run_id')
    .limit(LATER);
}

interface ClaimStatements {
  /** queue, the latest time at which it is free, the place after which to read: time, time, id; limit. */
  readonly free: Compilable;
  /** queue, the latest time at which it has expired, limit. */
  readonly taken: Compilable;
  /** queue, holder, the latest time at which it has expired, limit. */
  readonly takenBy: Compilable;
}

/** What claims read. */
export function claimStatements(query: Kysely<Tables>): ClaimStatements {
  return {
    free: onQueue(query)
      .where(FREE_AT, '<=', LATER)
      .where(
        sql<boolean>`(${FREE_AT} > ${LATER} or (${FREE_AT} = ${LATER} and lease.run_id > ${LATER}))`,
      ),
    taken: onQueue(query)
      .where(sql<boolean>`lease.holder <> ''`)
      .where('lease.expires_at', '<=', LATER),
    takenBy: onQueue(query)
      .where('lease.holder', '=', LATER)
      .where('lease.expires_at', '<=', LATER),
  };
}

/** Gives runs on queues to who asks. */
export class Claims {
  readonly #database: Database;
  readonly #free: Statement;
  readonly #taken: Statement;
  readonly #takenBy: Statement;
  /** holder, expires_at; run_id, epoch. */
  readonly #take: Statement;

  constructor(database: Database) {
    const { query, connection } = database;
    const { free, taken, takenBy } = claimStatements(query);
    this.#database = database;
    this.#free = connection.prepareCompiled(free);
    this.#taken = connection.prepareCompiled(taken);
    this.#takenBy = connection.prepareCompiled(takenBy);
    this.#take = connection.prepareCompiled(
      query
        .updateTable('lease')
        .set({ holder: LATER, expires_at: LATER, epoch: sql`epoch + 1` })
        .where('run_id', '=', LATER),
    );
  }

  /** On the disk before it is given, so that an epoch is never given twice. Where nothing waits, nothing is written. */
  claim(request: ClaimRequest): Claim[] {
    if (this.#find({ ...request, limit: 1 }).length === 0) return [];
    const { holder, ttl, now } = request;
    return this.#database.transaction('machine', () =>
      this.#find(request).map(({ lease, ...claim }) => {
        this.#take.run([holder, now + ttl, lease.runId ?? lease.rootId]);
        const taken = { ...lease, holder, epoch: lease.epoch + 1, expiresAt: now + ttl };
        return { ...claim, lease: taken };
      }),
    );
  }

  claimed(query: ClaimQuery): Claim[] {
    const { queues, holder, expiredBy = Number.MAX_VALUE, limit = DEFAULT_LIMIT } = query;
    const found = [...new Set(queues)].flatMap((queue) => {
      const rows =
        holder === undefined
          ? this.#taken.all([queue, expiredBy, limit])
          : this.#takenBy.all([queue, holder, expiredBy, limit]);
      return readable(rows as ClaimRow[]);
    });
    return found.toSorted((a, b) => a.lease.expiresAt - b.lease.expiresAt).slice(0, limit);
  }

  #find({ queues, flows, tasks, without = [], now, limit }: ClaimRequest): Claim[] {
    const known = { flow: new Set(flows), task: new Set(tasks) };
    const found: Claim[] = [];
    for (const queue of new Set(queues)) {
      for (const claim of this.#freeOn(queue, now, limit - found.length)) {
        if (found.length >= limit) return found;
        const { kind, name, id } = claim.run;
        if (known[kind].has(name) && !without.includes(id)) found.push(claim);
      }
    }
    return found;
  }

  /** What is free on a queue, page after page. */
  *#freeOn(queue: string, now: number, wanted: number): Generator<Claim> {
    let place: readonly [number, string] = [Number.MIN_SAFE_INTEGER, ''];
    for (let size = Math.max(1, Math.min(wanted, STRIDE)); ; size = STRIDE) {
      const [time, id] = place;
      const rows = this.#free.all([queue, now, time, time, id, size]) as ClaimRow[];
      yield* readable(rows);
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      place = [last.free_at, last.run_id];
    }
  }
}

/** The claims in rows; what does not parse is left out. */
function readable(rows: readonly ClaimRow[]): Claim[] {
  return rows.flatMap((row) => {
    try {
      return [claimOf(row)];
    } catch (error) {
      if (error instanceof StoreFault) return [];
      throw error;
    }
  });
}

function claimOf(row: ClaimRow): Claim {
  const { cancel: cancelReason } = row;
  const lease: Lease = leaseOf({ ...row, root_id: row.lease_root });
  const claim = { run: decodeRun(row), lease };
  return cancelReason === null ? claim : { ...claim, cancelReason };
}
