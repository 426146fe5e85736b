import type { TableRows } from '../../model/fingerprint.ts';

/** What the worker process is asked to do. */
export type SqliteJob =
  | {
      /** Reads counts and makes a copy, both of one snapshot; then checks the copy. */
      readonly task: 'snapshot';
      readonly path: string;
      readonly copy: string;
    }
  | {
      /** Checks a file that was restored, and reads its counts. */
      readonly task: 'inspect';
      readonly path: string;
    };

/** What was read in one read transaction. */
export interface Contents {
  readonly schemaSha256: string;
  readonly tables: readonly TableRows[];
  /** Virtual tables that could not be counted, with the reason. */
  readonly uncounted: readonly string[];
}

/** What the checks of a file gave. */
export interface Checks {
  /** Empty: integrity_check said 'ok'. */
  readonly integrity: readonly string[];
  readonly foreignKeyViolations: number;
  /** Tables that need something of their application to be checked, with the reason. */
  readonly unchecked: readonly string[];
}

export interface SqliteReport extends Contents, Checks {
  /** SQLite's version. */
  readonly sqlite: string;
}

/** A failure as the process tells it. */
export interface SqliteFailure {
  readonly message: string;
  /** SQLite's extended result code, when it was SQLite that failed. */
  readonly errcode?: number;
  /** What was being done. */
  readonly stage: 'open' | 'read' | 'copy' | 'check';
}

export type SqliteReply =
  | { readonly ok: true; readonly report: SqliteReport }
  | { readonly ok: false; readonly failure: SqliteFailure };
