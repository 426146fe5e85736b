import type { Clock } from '../clock/clock.ts';

/** A span that was begun. */
export interface TimeLimit {
  /** Resolves when the span is over; never, once it was cleared. */
  readonly reached: Promise<void>;
  isOver(): boolean;
  clear(): void;
}

/** Begins a span of some milliseconds. */
export function timeLimit(ms: number, clock: Clock): TimeLimit {
  let over = false;
  let clear = (): void => {};
  const reached = new Promise<void>((resolve) => {
    const timer = clock.setTimer(ms, () => {
      over = true;
      resolve();
    });
    clear = () => timer.clear();
  });
  return { reached, isOver: () => over, clear };
}
