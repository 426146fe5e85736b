import type { Permit, PermitGrant, PermitRequest } from '@holdfast/core';
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { decodePermit } from '../../record/shared-row.ts';
import type { Database } from './database.ts';
import { each, LATER } from '../../sql/placeholders.ts';
import { blockOf } from '../../sql/permit-block.ts';
import type { PermitTable } from '../../sql/tables.ts';
import type { Statement } from './statements.ts';

interface PermitStatements {
  /** limit_name; at most expires_at. */
  readonly expire: Statement;
  /** holder. */
  readonly bury: Statement;
  /** limit_name. */
  readonly select: Statement;
  /** limit_name, id, holder, slots, expires_at, rate. */
  readonly take: Statement;
  /** expires_at; holder. */
  readonly renew: Statement;
  /** holder, id. */
  readonly release: Statement;
}

function prepare({ query, connection }: Database): PermitStatements {
  const given = query
    .deleteFrom('permit')
    .where('rate', '=', sql.lit(0))
    .where('holder', '=', LATER);
  const texts = {
    expire: query
      .deleteFrom('permit')
      .where('limit_name', '=', LATER)
      .where('expires_at', '<=', LATER),
    bury: given,
    select: query.selectFrom('permit').selectAll().where('limit_name', '=', LATER).orderBy('seq'),
    take: query
      .insertInto('permit')
      .values(each('limit_name', 'id', 'holder', 'slots', 'expires_at', 'rate')),
    renew: query
      .updateTable('permit')
      .set({ expires_at: LATER })
      .where('holder', '=', LATER)
      .where('rate', '=', sql.lit(0)),
    release: given.where('id', '=', LATER),
  };
  const prepared = Object.entries(texts).map(([name, compilable]) => [
    name,
    connection.prepareCompiled(compilable),
  ]);
  return Object.fromEntries(prepared) as PermitStatements;
}

/** Takes, extends and gives back shares of limits: each call one transaction. */
export class Permits {
  readonly #database: Database;
  readonly #sql: PermitStatements;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** It need not outlive the machine: neither does who takes it. */
  acquire(request: PermitRequest): PermitGrant {
    const { id, holder, wishes, now, ttl, deadHolders = [] } = request;
    return this.#database.transaction('process', () => {
      for (const { limit } of wishes) this.#sql.expire.run([limit, now]);
      for (const dead of deadHolders) this.#sql.bury.run([dead]);
      const taken = wishes.map(({ limit }) => this.#inForce(limit));
      const isMine = (permit: Permit): boolean => permit.id === id && permit.holder === holder;
      if (taken.every((permits) => permits.some(isMine))) return { granted: true };
      const blocks = wishes.flatMap((wish, n) => blockOf(wish, taken[n] ?? []));
      if (blocks.length > 0) return { granted: false, blocks };
      for (const { limit, slots, per } of wishes) {
        const rate = per === undefined ? 0 : 1;
        this.#sql.take.run([limit, id, holder, slots, now + (per ?? ttl), rate]);
      }
      return { granted: true };
    });
  }

  renew({ holder, now, ttl }: Pick<PermitRequest, 'holder' | 'now' | 'ttl'>): void {
    this.#database.transaction('process', () => this.#sql.renew.run([now + ttl, holder]));
  }

  release(holder: string, ids: readonly string[]): void {
    this.#database.transaction('process', () => {
      for (const id of ids) this.#sql.release.run([holder, id]);
    });
  }

  #inForce(limit: string): Permit[] {
    const rows = this.#sql.select.all([limit]) as Selectable<PermitTable>[];
    return rows.map(decodePermit);
  }
}
