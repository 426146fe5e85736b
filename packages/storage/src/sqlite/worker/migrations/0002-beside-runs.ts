/** State types of runs that have ended, as SQL. */
const ENDED = `('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED')`;

const NOTES: readonly string[] = [
  `create table log (
    position integer primary key,
    root_id text not null,
    run_id text not null,
    generation integer not null,
    attempt integer not null,
    at real not null,
    level integer not null,
    message text not null,
    fields_json text
  ) strict`,
  `create index log_root on log (root_id, position)`,
  `create index log_run on log (run_id, position)`,
  `create table artifact (
    seq integer primary key,
    root_id text not null,
    run_id text not null,
    key text not null,
    generation integer not null,
    at real not null,
    description text,
    body_json text not null,
    unique (root_id, run_id, key)
  ) strict`,
  `create index artifact_root on artifact (root_id, seq)`,
];

const SHARED: readonly string[] = [
  `create table cache (
    key text not null unique,
    run_id text not null,
    generation integer not null,
    at real not null,
    expires_at real,
    result_json text not null
  ) strict`,
  `create index cache_expiry on cache (expires_at) where expires_at is not null`,
  `create table input (
    seq integer primary key,
    root_id text not null,
    run_id text not null,
    generation integer not null,
    name text not null,
    at real not null,
    value_json text not null,
    unique (root_id, run_id, generation, name)
  ) strict`,
  `create index input_root on input (root_id, seq)`,
  `create table schedule (
    name text primary key,
    version integer not null,
    done_until real not null,
    paused integer not null,
    updated_at real not null,
    facts_json text not null
  ) strict, without rowid`,
  `create table permit (
    seq integer primary key,
    limit_name text not null,
    id text not null,
    holder text not null,
    slots real not null,
    expires_at real not null,
    rate integer not null
  ) strict`,
  `create index permit_limit on permit (limit_name, seq)`,
  `create index permit_holder on permit (holder, id)`,
];

/** Which runs carry a tag. Those that carry it no more may still be listed: the run itself decides. */
const TAGS: readonly string[] = [
  `create table run_tag (
    tag text not null,
    run_id text not null,
    root_id text not null,
    primary key (tag, run_id)
  ) strict, without rowid`,
  `create index run_tag_root on run_tag (root_id)`,
  `insert or ignore into run_tag
    select tag.value, run.id, run.root_id
    from run, json_each(case when json_valid(run.body_json) then run.body_json else '{}' end, '$.tags') as tag
    where tag.type = 'text'`,
];

/** When a top-level run ended: kept with its lease, so that the retention finds it without reading runs. */
const ENDS: readonly string[] = [
  `alter table lease add column ended_at real`,
  `update lease set ended_at = (
    select json_extract(body_json, '$.endedAt') from run
    where run.id = lease.root_id and state_type in ${ENDED} and json_valid(body_json)
  )`,
  `create index lease_ended on lease (ended_at) where ended_at is not null and holder = ''`,
];

/** Lines, artifacts, cached results, inputs, schedules, permits; tags and ends as they are looked for. */
export const BESIDE_RUNS: readonly string[] = [...NOTES, ...SHARED, ...TAGS, ...ENDS];
