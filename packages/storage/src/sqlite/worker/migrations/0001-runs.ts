/** State types of runs that have not ended, as SQL. Part of an index: it never changes within a migration. */
const OPEN = `('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING')`;

/** Runs, and what comes with them. */
export const RUNS: readonly string[] = [
  `create table run (
    seq integer primary key,
    id text not null unique,
    kind text not null,
    name text not null,
    root_id text not null,
    parent_id text,
    key text,
    idempotency_key text,
    generation integer not null,
    version integer not null,
    state_type text not null,
    state_json text not null,
    body_json text not null
  ) strict`,
  `create unique index run_identity on run (parent_id, name, key) where parent_id is not null`,
  `create unique index run_start on run (name, idempotency_key)
    where parent_id is null and idempotency_key is not null`,
  `create index run_root on run (root_id, seq)`,
  `create index run_parent on run (parent_id, id) where parent_id is not null`,
  `create index run_name on run (name, id)`,
  `create index run_state on run (state_type, id)`,
  `create index run_top on run (id) where parent_id is null`,
  `create index run_open on run (id) where parent_id is null and state_type in ${OPEN}`,
  `create table lease (
    root_id text primary key,
    holder text not null,
    epoch integer not null,
    expires_at real not null,
    cancel_reason text
  ) strict, without rowid`,
  `create table history (
    run_id text not null,
    version integer not null,
    step integer not null,
    generation integer not null,
    at real not null,
    state_json text not null,
    primary key (run_id, version, step)
  ) strict, without rowid`,
  `create table hook (
    seq integer primary key,
    id text not null unique,
    run_id text not null,
    root_id text not null,
    hook text not null,
    at real not null,
    state_json text not null
  ) strict`,
  `create index hook_root on hook (root_id, seq)`,
  `create table recorded (
    root_id text not null,
    run_id text not null,
    scope text not null,
    slot text not null,
    value_json text not null,
    primary key (root_id, run_id, scope, slot)
  ) strict, without rowid`,
  `create table child (
    root_id text not null,
    run_id text not null,
    boot_id text not null,
    pid integer not null,
    start_time text not null,
    command text not null,
    primary key (root_id, run_id, boot_id, pid, start_time)
  ) strict, without rowid`,
];
