import type { Clock, Timer } from './clock.ts';

/** The longest wait that setTimeout can express: 2^31 - 1 ms, about 24.8 days. */
const LONGEST = 2_147_483_647;

function setLongTimer(ms: number, callback: () => void, background: boolean): Timer {
  let handle: NodeJS.Timeout;
  const arm = (left: number): void => {
    const step = Math.min(left, LONGEST);
    handle = setTimeout(() => (left > step ? arm(left - step) : callback()), step);
    if (background) handle.unref();
  };
  arm(Math.max(0, ms));
  return { clear: () => clearTimeout(handle) };
}

/** The machine's wall clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer: (ms, callback, options) => setLongTimer(ms, callback, options?.background ?? false),
};
