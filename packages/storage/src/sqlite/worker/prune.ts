import type { Pruned, PruneRequest, RunId } from '@holdfast/core';
import type { Compilable, Kysely } from 'kysely';
import { EXPIRED_LIMIT, forgetLeases, OF_A_ROOT, selectPrunable } from '../../sql/prunable.ts';
import type { Database } from './database.ts';
import { LATER } from '../../sql/placeholders.ts';
import type { Tables } from '../../sql/tables.ts';
import type { Statement } from './statements.ts';

/** expires_at, limit. */
function expired(query: Kysely<Tables>): Compilable {
  const keys = query
    .selectFrom('cache')
    .select('key')
    .where('expires_at', 'is not', null)
    .where('expires_at', '<', LATER)
    .orderBy('expires_at')
    .limit(LATER);
  return query.deleteFrom('cache').where('key', 'in', keys);
}

/** Forgets what is old: each call one transaction. */
export class Pruner {
  readonly #database: Database;
  readonly #deleteHistory: Statement;
  /** By root id, in this order; the last one deletes the runs. */
  readonly #deletions: readonly Statement[];
  readonly #deleteExpired: Statement;
  readonly #deletePermits: Statement;

  constructor(database: Database) {
    const { query, connection } = database;
    const below = query.selectFrom('run').select('id').where('root_id', '=', LATER);
    this.#database = database;
    this.#deleteHistory = connection.prepareCompiled(
      query.deleteFrom('history').where('run_id', 'in', below),
    );
    const ofARoot = OF_A_ROOT.map((table) => query.deleteFrom(table).where('root_id', '=', LATER));
    this.#deletions = [...forgetLeases(query, LATER), ...ofARoot].map((deletion) =>
      connection.prepareCompiled(deletion),
    );
    this.#deleteExpired = connection.prepareCompiled(expired(query));
    this.#deletePermits = connection.prepareCompiled(
      query.deleteFrom('permit').where('expires_at', '<', LATER),
    );
  }

  /** It need not outlive the machine: what comes back is forgotten again. */
  prune(request: PruneRequest): Pruned {
    return this.#database.transaction('process', () => {
      const { sql: text, parameters } = selectPrunable(this.#database.query, request).compile();
      const rows = this.#database.connection.prepare(text).all(parameters);
      const roots = rows.map((row) => (row as { root_id: RunId }).root_id);
      const runs = roots.reduce((sum, rootId) => sum + this.#forget(rootId), 0);
      this.#deleteExpired.run([request.now, EXPIRED_LIMIT]);
      this.#deletePermits.run([request.endedBefore]);
      return { roots: roots.length, runs, rootIds: roots };
    });
  }

  /** How many runs went. */
  #forget(rootId: string): number {
    this.#deleteHistory.run([rootId]);
    return this.#deletions.reduce((_, deletion) => deletion.run([rootId]).changes, 0);
  }
}
