import type { EpochMs } from '../model/state.ts';

/** A timer that was set; clearing it twice, or after it fired, does nothing. */
export interface Timer {
  /** Takes the timer back. */
  clear(): void;
}

/**
 * Time as the engine sees it. Everything that waits or reads the time goes through this port, so that
 * a test can advance hours in a millisecond.
 */
export interface Clock {
  /** Epoch milliseconds. May jump in either direction, as wall clocks do. */
  now(): EpochMs;
  /**
   * Calls back once, not before `ms` milliseconds have passed. `ms` may exceed what a single timer of
   * the platform can wait (24.8 days). A pending timer keeps no process alive when `background` is true.
   */
  setTimer(ms: number, callback: () => void, options?: { readonly background?: boolean }): Timer;
}

/**
 * Waits on a clock.
 *
 * @throws the signal's reason, at once, when the signal aborts
 */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const onAbort = (): void => {
      timer.clear();
      reject(signal?.reason as Error);
    };
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
