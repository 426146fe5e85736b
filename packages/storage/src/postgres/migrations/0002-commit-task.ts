import { raiseNewer, waitForDisk } from './commit-parts.ts';

/** A setting costs as much as a look-up: no more of them than keep plans to keys, whatever the tables held when they were made. */
const BY_KEYS = `set_config('enable_seqscan', 'off', true)`;

/**
 * The commit of one run below a root, with nothing beside it: what a flow that does one thing after the other writes, so
 * it is made of as little as its promises need. Null: it was applied; otherwise the conflict. Nothing tells apart a run
 * that was made before from one that has its name: that is an error (unique_violation), and `commit` says more.
 *
 * It takes no turn. Made again it is refused, and whoever lost its answer looks at the run.
 *
 * A run is looked up by its id alone: 'is not distinct from' keeps the planner from indexes of parents and names, under
 * which there are as many runs as a flow has tasks.
 *
 * @param version the schema that this function belongs to
 */
export function commitTaskFunction(s: string, version: number): string {
  return `create or replace function ${s}.commit_task(
  p_known integer, p_sync boolean, p_epoch bigint, p_expect bigint, p_id text, p_name text, p_root_id text,
  p_parent_id text, p_key text, p_generation bigint, p_version bigint, p_state_type text, p_state_name text,
  p_state_json text, p_body_json text, p_past_text text
) returns text language plpgsql as $commit_task$
#variable_conflict use_column
begin${raiseNewer(version)}${waitForDisk(BY_KEYS)}
  perform 1 from ${s}.lease
    where run_id = p_root_id and root_id = p_root_id and holder <> '' and epoch = p_epoch for no key update;
  if not found then return 'fence'; end if;
  if p_expect = 0 then
    insert into ${s}.run (id, kind, name, root_id, parent_id, key, generation, version, state_type, state_name,
        state_json, body_json, past_text, tags)
      values (p_id, 'task', p_name, p_root_id, p_parent_id, p_key, p_generation, p_version, p_state_type,
        p_state_name, p_state_json, p_body_json, p_past_text, '{}');
    return null;
  end if;
  update ${s}.run set generation = p_generation, version = p_version, state_type = p_state_type,
      state_name = p_state_name, state_json = p_state_json, body_json = p_body_json, schedule = null, tags = '{}',
      past_text = past_text || case when right(past_text, 1) = ','
        then state_json || ']' || chr(10) else '' end || p_past_text
    where id = p_id and version = p_expect and kind = 'task' and name is not distinct from p_name
      and root_id is not distinct from p_root_id and parent_id is not distinct from p_parent_id
      and key is not distinct from p_key and idempotency_key is null;
  if not found then return 'version'; end if;
  return null;
end $commit_task$`;
}
