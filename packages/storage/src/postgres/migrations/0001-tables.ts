/** State types of runs that have not ended, as SQL. Part of an index: it never changes within a migration. */
const OPEN = `('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING')`;

/** Ids and names are compared byte by byte, whatever the language of the database. */
const TEXT = 'text collate "C"';

/** In the order in which rows are made. */
const SEQ = 'bigint generated always as identity';

function runs(s: string): string[] {
  return [
    `create table ${s}.run (
      seq ${SEQ},
      id ${TEXT} primary key,
      kind text not null,
      name ${TEXT} not null,
      root_id ${TEXT} not null,
      parent_id ${TEXT},
      key ${TEXT},
      idempotency_key ${TEXT},
      generation bigint not null,
      version bigint not null,
      state_type text not null,
      state_name text not null,
      state_json text not null,
      body_json text not null,
      past_text text not null,
      schedule ${TEXT},
      tags text[] not null
    )`,
    `create unique index run_identity on ${s}.run (parent_id, name, key) where parent_id is not null`,
    `create unique index run_start on ${s}.run (name, idempotency_key)
      where parent_id is null and idempotency_key is not null`,
    `create index run_root on ${s}.run (root_id, id)`,
    `create index run_parent on ${s}.run (parent_id, id) where parent_id <> root_id`,
    `create index run_name on ${s}.run (name, id)`,
    `create index run_state on ${s}.run (state_type, id) where state_type <> 'COMPLETED'`,
    `create index run_name_bad on ${s}.run (name, state_type, id)
      where state_type in ('FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED')`,
    `create index run_top on ${s}.run (id) where parent_id is null`,
    `create index run_top_state on ${s}.run (state_type, id) where parent_id is null`,
    `create index run_open on ${s}.run (id) where parent_id is null and state_type in ${OPEN}`,
    `create index run_schedule on ${s}.run (schedule, id) where parent_id is null`,
  ];
}

function besideRuns(s: string): string[] {
  return [
    `create table ${s}.run_tag (
      tag ${TEXT} not null,
      run_id ${TEXT} not null,
      root_id ${TEXT} not null,
      primary key (tag, run_id)
    )`,
    `create index run_tag_root on ${s}.run_tag (root_id)`,
    `create index run_tag_top on ${s}.run_tag (tag, root_id) where run_id = root_id`,
    `create table ${s}.lease (
      run_id ${TEXT} primary key,
      root_id ${TEXT} not null,
      holder text not null,
      epoch bigint not null,
      expires_at double precision not null,
      cancel_reason text,
      ended_at double precision,
      queue ${TEXT},
      due_at double precision
    ) with (fillfactor = 70)`,
    `create index lease_ended on ${s}.lease (ended_at) where ended_at is not null and holder = ''`,
    `create index lease_below on ${s}.lease (root_id) where root_id <> run_id`,
    `create index lease_free on ${s}.lease (queue, greatest(due_at, expires_at), run_id)
      where queue is not null and due_at is not null`,
  ];
}

function ofRuns(s: string): string[] {
  return [
    `create table ${s}.history (
      run_id ${TEXT} not null,
      version bigint not null,
      step bigint not null,
      generation bigint not null,
      at double precision not null,
      state_json text not null,
      primary key (run_id, version, step)
    )`,
    `create table ${s}.hook (
      seq ${SEQ} primary key,
      id ${TEXT} not null unique,
      run_id ${TEXT} not null,
      root_id ${TEXT} not null,
      hook text not null,
      at double precision not null,
      state_json text not null
    )`,
    `create index hook_root on ${s}.hook (root_id, seq)`,
    `create table ${s}.recorded (
      root_id ${TEXT} not null,
      run_id ${TEXT} not null,
      scope ${TEXT} not null,
      slot ${TEXT} not null,
      value_json text not null,
      primary key (root_id, run_id, scope, slot)
    )`,
    `create table ${s}.child (
      root_id ${TEXT} not null,
      run_id ${TEXT} not null,
      boot_id ${TEXT} not null,
      pid bigint not null,
      start_time ${TEXT} not null,
      command text not null,
      primary key (root_id, run_id, boot_id, pid, start_time)
    )`,
  ];
}

function notes(s: string): string[] {
  return [
    `create table ${s}.log (
      position ${SEQ} primary key,
      root_id ${TEXT} not null,
      run_id ${TEXT} not null,
      generation bigint not null,
      attempt bigint not null,
      at double precision not null,
      level integer not null,
      message text not null,
      fields_json text
    )`,
    `create index log_root on ${s}.log (root_id, position)`,
    `create index log_run on ${s}.log (run_id, position)`,
    `create table ${s}.artifact (
      seq ${SEQ} primary key,
      root_id ${TEXT} not null,
      run_id ${TEXT} not null,
      key ${TEXT} not null,
      generation bigint not null,
      at double precision not null,
      description text,
      body_json text not null,
      unique (root_id, run_id, key)
    )`,
    `create index artifact_root on ${s}.artifact (root_id, seq)`,
  ];
}

function shared(s: string): string[] {
  return [
    `create table ${s}.cache (
      key ${TEXT} primary key,
      run_id text not null,
      generation bigint not null,
      at double precision not null,
      expires_at double precision,
      result_json text not null
    )`,
    `create index cache_expiry on ${s}.cache (expires_at) where expires_at is not null`,
    `create table ${s}.input (
      seq ${SEQ} primary key,
      root_id ${TEXT} not null,
      run_id ${TEXT} not null,
      generation bigint not null,
      name ${TEXT} not null,
      at double precision not null,
      value_json text not null,
      unique (root_id, run_id, generation, name)
    )`,
    `create index input_root on ${s}.input (root_id, seq)`,
    `create table ${s}.schedule (
      name ${TEXT} primary key,
      version bigint not null,
      done_until double precision not null,
      paused integer not null,
      updated_at double precision not null,
      facts_json text not null
    )`,
    `create table ${s}.permit (
      seq ${SEQ} primary key,
      limit_name ${TEXT} not null,
      id ${TEXT} not null,
      holder ${TEXT} not null,
      slots double precision not null,
      expires_at double precision not null,
      rate integer not null
    )`,
    `create index permit_limit on ${s}.permit (limit_name, seq)`,
    `create index permit_holder on ${s}.permit (holder, id)`,
    // Which of its commits a store has made last, so that one whose answer was lost is not made twice.
    `create table ${s}.writer (
      id text primary key,
      turn bigint not null,
      outcomes json,
      at timestamptz not null
    ) with (fillfactor = 50)`,
  ];
}

/** The tables of a run store. */
export function tables(s: string): readonly string[] {
  return [...runs(s), ...besideRuns(s), ...ofRuns(s), ...notes(s), ...shared(s)];
}
