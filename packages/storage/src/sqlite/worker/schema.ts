import type { ColumnType } from 'kysely';

/** Set by SQLite, never written. */
type Assigned = ColumnType<number, never, never>;

/** The tables, for Kysely. Times are epoch milliseconds; what is named after JSON holds JSON text. */
export interface Tables {
  run: RunTable;
  lease: LeaseTable;
  history: HistoryTable;
  hook: HookTable;
  recorded: RecordedTable;
  child: ChildTable;
}

/** One row per run: columns for what is queried, `body_json` for the rest. */
export interface RunTable {
  /** Order of making. */
  seq: Assigned;
  id: string;
  kind: string;
  name: string;
  root_id: string;
  parent_id: string | null;
  key: string | null;
  idempotency_key: string | null;
  generation: number;
  version: number;
  state_type: string;
  state_json: string;
  body_json: string;
}

/** One row per top-level run, leased or not. */
export interface LeaseTable {
  root_id: string;
  /** Empty: released, or never leased. */
  holder: string;
  epoch: number;
  expires_at: number;
  cancel_reason: string | null;
}

export interface HistoryTable {
  run_id: string;
  version: number;
  step: number;
  generation: number;
  at: number;
  state_json: string;
}

export interface HookTable {
  /** Order of becoming due. */
  seq: Assigned;
  id: string;
  run_id: string;
  root_id: string;
  hook: string;
  at: number;
  state_json: string;
}

export interface RecordedTable {
  root_id: string;
  run_id: string;
  scope: string;
  slot: string;
  value_json: string;
}

export interface ChildTable {
  root_id: string;
  run_id: string;
  boot_id: string;
  pid: number;
  start_time: string;
  command: string;
}
