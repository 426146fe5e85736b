/**
 * Lists that would otherwise read past very many runs: flows among tasks, subflows included, and open top-level runs among
 * those that wait on queues.
 */
export const FLOWS_AND_QUEUES: readonly string[] = [
  `create index run_flow on run (id) where kind = 'flow'`,
  `create index run_flow_state on run (state_type, id) where kind = 'flow'`,
  `create index lease_open on lease (run_id)
    where root_id = run_id and ended_at is null and (queue is null or due_at is null or holder <> '')`,
  `drop index run_open`,
];
