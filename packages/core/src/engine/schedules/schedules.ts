/** A schedule as the run store knows it. */
export interface ScheduleInfo {
  readonly name: string;
  /** The name of its flow. */
  readonly flow: string;
  /** Its times, in a few words. */
  readonly times: string;
  readonly paused: boolean;
  /** Every occurrence up to here was started, skipped, or given up. */
  readonly doneUntil: Date;
  /** The next occurrence; absent while it is paused, after the last one, and where this engine does not have the schedule with these times. */
  readonly next?: Date;
}

/** The schedules of an engine's store. */
export interface Schedules {
  /** Every schedule that an engine has served on this store, by name. */
  list(): Promise<readonly ScheduleInfo[]>;
  /** Starts nothing of a schedule until `resume`, in any process; those that serve notice within 30 s. Throws `SCHEDULE_UNKNOWN`. */
  pause(name: string): Promise<void>;
  /** Goes on with a schedule. What came meanwhile is not caught up with. Throws `SCHEDULE_UNKNOWN`. */
  resume(name: string): Promise<void>;
}
