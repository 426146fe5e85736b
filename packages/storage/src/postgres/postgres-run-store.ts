import type { RunStore } from '@holdfast/core';
import { postgresSettings } from './options.ts';
import type { PostgresRunStoreOptions } from './options.ts';
import { PooledRunStore } from './pooled-run-store.ts';

/** A run store in a PostgreSQL database. */
export interface PostgresRunStore extends RunStore {
  /** The schema that holds its tables. */
  readonly schema: string;
}

/**
 * A run store in a schema of a PostgreSQL database (13 or later), which processes on any number of hosts may share. `open`
 * makes the schema and its tables, or brings them up to date. It needs the package `pg`.
 *
 * A commit is one statement, and one transaction. With durability `machine` it waits for the server's disk (and for its
 * synchronous standbys, as the server is set); with `process` it survives this process, and a server that fails within
 * the second is told of it again. A call waits out a restart of the server, for `patience`; a commit whose answer was lost
 * is looked up on the server, and never made twice.
 *
 * Nothing is left in a session, no statement is prepared by name: it works through PgBouncer in transaction mode. Leases
 * and permits expire by the server's clock, so that the clocks of hosts need not agree.
 *
 * Errors beside those of {@link RunStore}: `STORE_OUTDATED`, `STORE_DENIED` (the server refuses the user), `STORE_FAILED`
 * (a defect of this adapter), `PACKAGE_MISSING`. A server that is away, a standby, or out of disk is `STORE_UNAVAILABLE`.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function postgresRunStore(options: PostgresRunStoreOptions = {}): PostgresRunStore {
  return new PooledRunStore(postgresSettings(options));
}
