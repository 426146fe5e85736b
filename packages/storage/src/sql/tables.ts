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
  log: LogTable;
  artifact: ArtifactTable;
  cache: CacheTable;
  input: InputTable;
  schedule: ScheduleTable;
  permit: PermitTable;
  run_tag: RunTagTable;
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
  /** Its first steps: see `encodePast`. */
  past_text: string;
}

/** One row per top-level run, leased or not, and per run below one that has a queue. */
export interface LeaseTable {
  /** The run that it is of. */
  run_id: string;
  /** The root of that run. */
  root_id: string;
  /** Empty: released, or never leased. */
  holder: string;
  epoch: number;
  expires_at: number;
  /** Why it is to stop, where that was asked of it: of a root, or of a run below one that has a queue. */
  cancel_reason: string | null;
  /** Of a root: when it ended; null while it is open. */
  ended_at: number | null;
  /** The queue of the run; null without one. */
  queue: string | null;
  /** Of a run with a queue: from when on it can be claimed, as far as its lease allows; null where it cannot. */
  due_at: number | null;
}

/** The steps of a run that do not stand in its row. */
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

export interface LogTable {
  /** Order of committing. */
  position: Assigned;
  root_id: string;
  run_id: string;
  generation: number;
  attempt: number;
  at: number;
  /** How grave: 10 for trace up to 60 for fatal. */
  level: number;
  message: string;
  fields_json: string | null;
}

export interface ArtifactTable {
  /** Order in which keys were first written. */
  seq: Assigned;
  root_id: string;
  run_id: string;
  key: string;
  generation: number;
  at: number;
  description: string | null;
  body_json: string;
}

export interface CacheTable {
  key: string;
  run_id: string;
  generation: number;
  at: number;
  expires_at: number | null;
  result_json: string;
}

export interface InputTable {
  /** Order of giving. */
  seq: Assigned;
  root_id: string;
  run_id: string;
  generation: number;
  name: string;
  at: number;
  value_json: string;
}

export interface ScheduleTable {
  name: string;
  version: number;
  done_until: number;
  /** 0 or 1. */
  paused: number;
  updated_at: number;
  facts_json: string;
}

/** One row per share that is taken. A rate's is not given back: it ends at its time. */
export interface PermitTable {
  /** Order of taking. */
  seq: Assigned;
  limit_name: string;
  id: string;
  holder: string;
  slots: number;
  expires_at: number;
  /** 0 or 1. */
  rate: number;
}

/** Finds runs by tag. May list a run under a tag that it carried once: see {@link RunTable.body_json}. */
export interface RunTagTable {
  tag: string;
  run_id: string;
  root_id: string;
}
