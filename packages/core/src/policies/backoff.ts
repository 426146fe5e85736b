/** How long to wait before a retry: an immutable value. */
export interface Backoff {
  /** Milliseconds before retry 1, 2, 3 …; the last one repeats. */
  readonly delays: readonly number[];
  /** Each retry waits this many times longer than the one before; 1 for a fixed delay. */
  readonly factor: number;
  /** No delay is longer, in milliseconds. */
  readonly maxDelay: number;
  /**
   * How much of the delay is left to chance, 0 to 1: the wait is evenly spread between `delay * (1 - jitter)` and
   * `delay`. Spreads retries of many runs that failed together.
   */
  readonly jitter: number;
}

/**
 * The wait before a retry, in milliseconds.
 *
 * @param retry which retry it is, from 1
 * @param random a number from 0 to below 1, for the jitter
 */
export function backoffDelay(backoff: Backoff, retry: number, random: number): number {
  const { delays, factor, maxDelay, jitter } = backoff;
  const base = delays[Math.min(retry, delays.length) - 1] ?? 0;
  // 0 times a growth beyond all numbers would be none.
  const grown = base === 0 ? 0 : Math.min(base * factor ** (retry - 1), maxDelay);
  return Math.round(grown * (1 - jitter * random));
}
