/** Finds the runs of a schedule: few runs are top-level, so few pay for it. */
export const SCHEDULES_OF_RUNS: readonly string[] = [
  `create index run_schedule on run
    (case when json_valid(body_json) then json_extract(body_json, '$.scheduled.schedule') end, id)
    where parent_id is null`,
];
