import type { Clock, Timer } from '../../clock/clock.ts';
import { TimeOver } from '../../errors/time-errors.ts';
import { boundOf, type Bound } from '../../model/bounds.ts';
import type { Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { Cancellation } from '../cancellation.ts';

/** How long it takes at most until a change of the wall clock is noticed: timers stand still while a machine sleeps. */
const LOOK_AGAIN = 60_000;

/** Calls back once, at a time of the wall clock. Returns how to take it back. */
function atTime(clock: Clock, at: number, callback: () => void): () => void {
  let timer: Timer | undefined;
  const look = (): void => {
    const left = at - clock.now();
    if (left <= 0) callback();
    else timer = clock.setTimer(Math.min(left, LOOK_AGAIN), look);
  };
  look();
  return () => timer?.clear();
}

/** Tells work to stop once its time is over; until the work has ended. */
export async function withinBound<T>(
  clock: Clock,
  bound: Bound,
  cancellation: Cancellation,
  work: () => Promise<T>,
): Promise<T> {
  const takeBack = atTime(clock, bound.at, () => cancellation.abort(new TimeOver(bound)));
  try {
    return await work();
  } finally {
    takeBack();
  }
}

/** Tells the waiting of a run, which has not begun, to stop once its own time is over. */
export function waitInTime<T>(
  clock: Clock,
  run: Run | undefined,
  cancellation: Cancellation,
  work: () => Promise<T>,
): Promise<T> {
  const bound = run === undefined || isTerminal(run.state) ? undefined : boundOf(run);
  return bound === undefined ? work() : withinBound(clock, bound, cancellation, work);
}
