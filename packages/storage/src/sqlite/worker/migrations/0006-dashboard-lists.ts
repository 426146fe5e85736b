/**
 * Lists that would otherwise read very many tasks: top-level runs by state and by tag, and what ended badly by name. Few
 * runs are in these indexes, so few pay for them.
 */
export const DASHBOARD_LISTS: readonly string[] = [
  `create index run_top_state on run (state_type, id) where parent_id is null`,
  `create index run_tag_top on run_tag (tag, root_id) where run_id = root_id`,
  `create index run_name_bad on run (name, state_type, id)
    where state_type in ('FAILED', 'CRASHED', 'CANCELLED', 'SKIPPED')`,
];
