/**
 * Claims runs that are free on queues, those of the first queue leading, in one round trip. What others are claiming at
 * this moment is passed over. It waits for the disk: an epoch is never given twice.
 *
 * @param version the schema that this function belongs to
 */
export function claimFunction(s: string, version: number): string {
  return `create or replace function ${s}.claim(
  p_known integer, p_queues text[], p_flows text[], p_tasks text[], p_holder text,
  p_now float8, p_until float8, p_limit integer, p_without text[]
) returns table (run json, lease json, cancel_reason text) language plpgsql as $claim$
#variable_conflict use_column
declare
  v_queue text;
  v_given integer := 0;
  v_count integer;
begin
  if p_known < ${version} then
    raise exception 'the schema is newer' using errcode = 'HF001', detail = '${version}';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  foreach v_queue in array p_queues loop
    exit when v_given >= p_limit;
    return query
      with free as (
        select l.run_id, greatest(l.due_at, l.expires_at) as free_at
        from ${s}.lease l join ${s}.run r on r.id = l.run_id
        where l.queue = v_queue and l.queue is not null and l.due_at is not null
          and greatest(l.due_at, l.expires_at) <= p_now and l.run_id <> all(p_without)
          and r.name = any(case r.kind when 'flow' then p_flows else p_tasks end)
        order by greatest(l.due_at, l.expires_at), l.run_id
        limit p_limit - v_given
        for no key update of l skip locked
      ), taken as (
        update ${s}.lease l set holder = p_holder, epoch = l.epoch + 1, expires_at = p_until
        from free where l.run_id = free.run_id
        returning l.run_id, l.root_id, l.holder, l.epoch, l.expires_at, l.cancel_reason, free.free_at
      )
      select row_to_json(r), row_to_json(taken), coalesce(root.cancel_reason, taken.cancel_reason)
      from taken join ${s}.run r on r.id = taken.run_id
        left join ${s}.lease root on root.run_id = taken.root_id
      order by taken.free_at, taken.run_id;
    get diagnostics v_count = row_count;
    v_given := v_given + v_count;
  end loop;
end $claim$`;
}
