import type { EpochMs } from '../model/state.ts';

/**
 * What is done about occurrences that nobody was there for: none of them is started, only the latest, or all, one
 * after the other.
 */
export type Catchup = 'none' | 'latest' | 'all';

/** An occurrence that is met no later than this after its time counts as met in time, in milliseconds. */
export const IN_TIME = 15_000;

/** Which occurrences are started, and which are given up. */
export interface Caught {
  readonly start: readonly EpochMs[];
  readonly missed: readonly EpochMs[];
}

/**
 * Decides about occurrences whose time has come. Pure.
 *
 * @param due oldest first
 * @param maxLateness no occurrence is started later than this after its time, in milliseconds
 */
export function catchUp(
  due: readonly EpochMs[],
  now: EpochMs,
  catchup: Catchup,
  maxLateness: number,
): Caught {
  const inTime = due.filter((at) => now - at <= Math.min(IN_TIME, maxLateness));
  const late = due.filter((at) => !inTime.includes(at) && now - at <= maxLateness);
  // What is in time stands for the late ones, too.
  const latest = inTime.length > 0 ? [] : late.slice(-1);
  const caught: readonly EpochMs[] = { none: [], latest, all: late }[catchup];
  const start = due.filter((at) => inTime.includes(at) || caught.includes(at));
  return { start, missed: due.filter((at) => !start.includes(at)) };
}
