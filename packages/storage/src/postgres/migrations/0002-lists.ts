/**
 * Lists that would otherwise read past very many runs: flows among tasks, subflows included, and open top-level runs among
 * those that wait on queues.
 *
 * @param s the schema, quoted
 */
export function lists(s: string): readonly string[] {
  return [
    `create index run_flow on ${s}.run (id) where kind = 'flow'`,
    `create index run_flow_state on ${s}.run (state_type, id) where kind = 'flow'`,
    `create index lease_open on ${s}.lease (run_id)
      where root_id = run_id and ended_at is null and (queue is null or due_at is null or holder <> '')`,
    `drop index ${s}.run_open`,
  ];
}
