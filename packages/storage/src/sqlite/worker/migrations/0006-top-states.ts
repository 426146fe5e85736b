/** Lists top-level runs by state without reading the tasks in it, of which there may be very many. Few pay for it. */
export const TOP_STATES: readonly string[] = [
  `create index run_top_state on run (state_type, id) where parent_id is null`,
];
