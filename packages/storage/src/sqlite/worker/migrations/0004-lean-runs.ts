/**
 * Fewer pages for each write of a run: its first steps stand in its own row, and an index is kept only where it is
 * asked. Runs directly below a root are found by their root. Those that completed are nearly all: a list of them is
 * read in the order of ids.
 */
export const LEAN_RUNS: readonly string[] = [
  `alter table run add column past_text text not null default ''`,
  `drop index run_root`,
  `create index run_root on run (root_id, id)`,
  `drop index run_parent`,
  `create index run_parent on run (parent_id, id) where parent_id <> root_id`,
  `drop index run_state`,
  `create index run_state on run (state_type, id) where state_type <> 'COMPLETED'`,
];
