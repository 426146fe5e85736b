/**
 * Leases of runs below a root, and where runs wait. A run with a queue has a row among the leases, whatever its place; what
 * can be claimed is found in the order in which it became free.
 */
export const QUEUES: readonly string[] = [
  `alter table lease rename column root_id to run_id`,
  `alter table lease add column root_id text not null default ''`,
  `update lease set root_id = run_id`,
  `alter table lease add column queue text`,
  `alter table lease add column due_at real`,
  `create index lease_below on lease (root_id) where root_id <> run_id`,
  `create index lease_free on lease (queue, max(due_at, expires_at), run_id)
    where queue is not null and due_at is not null`,
];
