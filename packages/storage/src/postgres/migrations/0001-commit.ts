import { raiseNewer, waitForDisk } from './commit-parts.ts';

/** A write of any kind: `w` says which. Columns that do not belong to a kind are null. */
const WRITE = `
  w text, expect bigint, epoch bigint, claimed text, queue text, due_at float8,
  id text, kind text, name text, root_id text, parent_id text, key text, idempotency_key text,
  generation bigint, version bigint, state_type text, state_name text, state_json text,
  body_json text, past_text text, schedule text, tags text[], history json, hooks json,
  ended_at float8, holder text, expires_at float8, run_id text, scope text, slot text, value_json text,
  boot_id text, pid bigint, start_time text, command text, reason text, attempt bigint, at float8,
  level integer, message text, fields_json text, description text, result_json text,
  done_until float8, paused integer, updated_at float8, facts_json text`;

const RUN_COLUMNS = `id, kind, name, root_id, parent_id, key, idempotency_key, generation, version, state_type,
  state_name, state_json, body_json, past_text, schedule, tags`;

const IS_OPEN = `in ('SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING')`;

/** Counts the commits of a store: one that was made already is answered as it was, one that lacks those before it is refused. */
const TAKE_TURN = (s: string): string => `
  update ${s}.writer set turn = p_turn, outcomes = null, at = now()
    where id = p_writer and turn = p_turn - 1;
  if not found then
    select turn, outcomes into v_turn, v_outcomes from ${s}.writer where id = p_writer;
    if v_turn >= p_turn then return case when v_turn = p_turn then v_outcomes end; end if;
    if p_turn <> 1 or v_turn is not null then
      raise exception 'commits are missing' using errcode = 'HF003', detail = coalesce(v_turn, 0)::text;
    end if;
    insert into ${s}.writer values (p_writer, 1, null, now()) on conflict do nothing;
    if not found then raise serialization_failure; end if;
  end if;`;

/** Locks leases in one order, whoever writes: nobody waits for each other. Lines get their places in the order of commits by it. */
const LOCK_LEASES = (s: string): string => `
  if array_length(p_leases, 1) = 1 then
    perform 1 from ${s}.lease where run_id = p_leases[1] for no key update;
  elsif array_length(p_leases, 1) > 1 then
    perform 1 from ${s}.lease where run_id = any(p_leases) order by run_id for no key update;
  end if;`;

/** Plans are made once for a session: by keys, whatever the tables held at that time. */
const BY_KEYS = `set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`;

/** What is known of the root of a write, and whether its fence may write. */
const STANDING = (s: string): string => `
    if w.root_id is distinct from v_root or w.claimed is distinct from v_claimed then
      v_root := w.root_id;
      v_claimed := w.claimed;
      select holder, epoch into v_holder, v_epoch from ${s}.lease
        where run_id = coalesce(v_claimed, v_root) and root_id = v_root
          and (v_claimed is null or v_claimed <> v_root);
      v_known := found;
    end if;
    if not v_known then
      v_may := false;
    elsif w.epoch is not null then
      v_may := v_holder <> '' and v_epoch = w.epoch;
    elsif v_holder = '' then
      v_may := true;
    else
      select not state_type ${IS_OPEN} into v_may from ${s}.run where id = v_root;
      v_may := coalesce(v_may, false);
    end if;`;

const CREATE_RUN = (s: string): string => `
        insert into ${s}.run (${RUN_COLUMNS}) values (
          w.id, w.kind, w.name, w.root_id, w.parent_id, w.key, w.idempotency_key, w.generation, w.version,
          w.state_type, w.state_name, w.state_json, w.body_json, w.past_text, w.schedule,
          coalesce(w.tags, '{}')
        ) on conflict do nothing;
        if not found then
          select row_to_json(r) into v_row from ${s}.run r where r.id = w.id;
          if v_row is null and w.parent_id is null then
            select row_to_json(r) into v_row from ${s}.run r
              where r.parent_id is null and r.name = w.name and r.idempotency_key = w.idempotency_key;
          elsif v_row is null then
            select row_to_json(r) into v_row from ${s}.run r
              where r.parent_id = w.parent_id and r.name = w.name and r.key = w.key;
          end if;
          if v_row is null then raise serialization_failure; end if;
          if not p_lenient then
            raise exception 'a run exists' using errcode = 'HF002', detail = v_row::text;
          end if;
          v_said := v_said || jsonb_build_object('n', v_n, 'conflict', 'exists', 'row', v_row);
          continue;
        end if;
        if w.id = w.root_id or w.queue is not null then
          insert into ${s}.lease (run_id, root_id, holder, epoch, expires_at, ended_at, queue, due_at)
            values (w.id, w.root_id, coalesce(w.holder, ''), case when w.holder is null then 0 else 1 end,
              coalesce(w.expires_at, 0),
              case when w.id = w.root_id and not w.state_type ${IS_OPEN} then w.ended_at end,
              w.queue, w.due_at);
          v_root := null;
        end if;`;

const UPDATE_RUN = (s: string): string => `
        if w.id = w.root_id or w.queue is not null then
          select generation into v_generation from ${s}.run where id = w.id;
        end if;
        update ${s}.run set generation = w.generation, version = w.version, state_type = w.state_type,
            state_name = w.state_name, state_json = w.state_json, body_json = w.body_json,
            schedule = w.schedule, tags = coalesce(w.tags, '{}'),
            past_text = past_text || case when right(past_text, 1) = ','
              then state_json || ']' || chr(10) else '' end || w.past_text
          where id = w.id and version = w.expect and kind = w.kind and name = w.name
            and root_id = w.root_id and parent_id is not distinct from w.parent_id
            and key is not distinct from w.key and idempotency_key is not distinct from w.idempotency_key;
        if not found then
          v_said := v_said || jsonb_build_object('n', v_n, 'conflict', 'version');
          continue;
        end if;
        if w.id = w.root_id then
          update ${s}.lease set
              ended_at = case when not w.state_type ${IS_OPEN} then w.ended_at end,
              cancel_reason = case when w.generation > v_generation then null else cancel_reason end
            where run_id = w.id;
        end if;
        if w.queue is not null then
          update ${s}.lease set due_at = w.due_at,
              cancel_reason = case when w.generation > v_generation then null else cancel_reason end
            where run_id = w.id;
        end if;`;

/** Tells who waits for runs on a queue, or for the end of a run that others may wait for. */
const TELL = (channel: string): string => `
      if w.due_at is not null and w.queue is not null then
        perform pg_notify('${channel}', case when length(w.queue) < 1000 then 'queue ' || w.queue else 'all' end);
      elsif (w.queue is not null or w.id = w.root_id) and not w.state_type ${IS_OPEN} then
        perform pg_notify('${channel}', 'run ' || w.id);
      end if;`;

const ADD_BESIDE = (s: string): string => `
      if w.tags is not null then
        insert into ${s}.run_tag select unnest(w.tags), w.id, w.root_id on conflict do nothing;
      end if;
      if w.history is not null then
        insert into ${s}.history select * from json_to_recordset(w.history) as h(
          run_id text, version bigint, step bigint, generation bigint, at float8, state_json text);
      end if;
      if w.hooks is not null then
        insert into ${s}.hook (id, run_id, root_id, hook, at, state_json)
          select * from json_to_recordset(w.hooks) as h(
            id text, run_id text, root_id text, hook text, at float8, state_json text)
          on conflict (id) do nothing;
      end if;`;

const RUN = (s: string, channel: string): string => `
      if not v_may and not (w.expect = 0 and w.root_id = w.id and w.epoch is null) then
        v_said := v_said || jsonb_build_object('n', v_n, 'conflict', 'fence');
        continue;
      end if;
      if w.expect = 0 then${CREATE_RUN(s)}
      else${UPDATE_RUN(s)}
      end if;${ADD_BESIDE(s)}${TELL(channel)}`;

/** Each kind that needs the fence, with what it does. */
const FENCED = (s: string): Record<string, string> => ({
  record: `insert into ${s}.recorded values (w.root_id, w.run_id, w.scope, w.slot, w.value_json)
        on conflict do nothing;`,
  artifact: `insert into ${s}.artifact (root_id, run_id, key, generation, at, description, body_json)
        values (w.root_id, w.run_id, w.key, w.generation, w.at, w.description, w.body_json)
        on conflict (root_id, run_id, key) do update set generation = excluded.generation,
          at = excluded.at, description = excluded.description, body_json = excluded.body_json;`,
  cache: `insert into ${s}.cache values (w.key, w.run_id, w.generation, w.at, w.expires_at, w.result_json)
        on conflict (key) do update set run_id = excluded.run_id, generation = excluded.generation,
          at = excluded.at, expires_at = excluded.expires_at, result_json = excluded.result_json;`,
});

/** Each kind that needs no more than a root that is in the store, with what it does. */
const OF_KNOWN = (s: string, channel: string): Record<string, string> => ({
  input: `insert into ${s}.input (root_id, run_id, generation, name, at, value_json)
        values (w.root_id, w.run_id, w.generation, w.name, w.at, w.value_json) on conflict do nothing;`,
  'cancel-request': `update ${s}.lease set cancel_reason = coalesce(cancel_reason, w.reason)
        where run_id = coalesce(w.claimed, w.root_id);
      perform pg_notify('${channel}', case when length(queue) < 1000 then 'queue ' || queue else 'all' end)
        from ${s}.lease where run_id = coalesce(w.claimed, w.root_id) and queue is not null;`,
});

/** Each kind that is always applied, with what it does. */
const ALWAYS = (s: string): Record<string, string> => ({
  log: `insert into ${s}.log (root_id, run_id, generation, attempt, at, level, message, fields_json)
        select w.root_id, w.run_id, w.generation, w.attempt, w.at, w.level, w.message, w.fields_json
        where v_known;`,
  'hook-delivered': `delete from ${s}.hook where id = w.id;`,
  'child-started': `insert into ${s}.child
        values (w.root_id, w.run_id, w.boot_id, w.pid, w.start_time, w.command) on conflict do nothing;`,
  'child-ended': `delete from ${s}.child where root_id = w.root_id and run_id = w.run_id
        and boot_id = w.boot_id and pid = w.pid and start_time = w.start_time;`,
});

function cases(kinds: Record<string, string>, unless: string, conflict: string): string {
  const branches = Object.entries(kinds).map(([kind, body]) => {
    const refused = `v_said := v_said || jsonb_build_object('n', v_n, 'conflict', '${conflict}');`;
    const guarded = unless === '' ? body : `if ${unless} then ${refused} else ${body} end if;`;
    return `elsif w.w = '${kind}' then\n      ${guarded}`;
  });
  return branches.join('\n    ');
}

/** Since schema 2: a run that `commit_task` wrote before must not be missing. */
const BEGUN = (s: string): string => `
    elsif w.w = 'begun' then
      perform 1 from ${s}.run where id = w.id and version >= w.version;
      if not found then raise exception 'a run is missing' using errcode = 'HF004'; end if;`;

const SCHEDULE = (s: string): string => `
      if w.expect = 0 then
        insert into ${s}.schedule values (w.name, w.version, w.done_until, w.paused, w.updated_at, w.facts_json)
          on conflict do nothing;
      else
        update ${s}.schedule set version = w.version, done_until = w.done_until, paused = w.paused,
            updated_at = w.updated_at, facts_json = w.facts_json
          where name = w.name and version = w.expect;
      end if;
      if not found then
        v_said := v_said || jsonb_build_object('n', v_n, 'conflict', 'version');
      end if;`;

/**
 * One commit, in one round trip: applies writes in their order, each seeing those before it, and says which were not
 * applied and why; null: all were. `p_known` is the schema that the caller knows. Without `p_lenient` a run that exists
 * ends the commit: its record is the detail of the error.
 *
 * @param channel what notifications go to
 * @param version the schema that this function belongs to
 */
export function commitFunction(s: string, channel: string, version: number): string {
  return `create or replace function ${s}.commit(
  p_known integer, p_writer text, p_turn bigint, p_sync boolean, p_lenient boolean,
  p_leases text[], p_writes json
) returns json language plpgsql as $commit$
#variable_conflict use_column
declare
  w record;
  v_n integer := -1;
  v_said jsonb := '[]';
  v_turn bigint;
  v_outcomes json;
  v_row json;
  v_root text;
  v_claimed text;
  v_known boolean := false;
  v_holder text;
  v_epoch bigint;
  v_may boolean;
  v_generation bigint;
begin${raiseNewer(version)}${waitForDisk(BY_KEYS)}${TAKE_TURN(s)}${LOCK_LEASES(s)}
  for w in select * from json_to_recordset(p_writes) as x(${WRITE}) loop
    v_n := v_n + 1;
    ${STANDING(s).trimStart()}
    if w.w = 'run' then${RUN(s, channel)}
    ${cases(FENCED(s), 'not v_may', 'fence')}
    ${cases(OF_KNOWN(s, channel), 'not v_known', 'version')}
    ${cases(ALWAYS(s), '', '')}
    elsif w.w = 'schedule' then${SCHEDULE(s)}${version < 2 ? '' : BEGUN(s)}
    else
      raise exception 'unknown kind of write: %', w.w;
    end if;
  end loop;
  if v_said = '[]' then return null; end if;
  update ${s}.writer set outcomes = v_said where id = p_writer;
  return v_said;
end $commit$`;
}
