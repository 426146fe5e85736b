import { isAway, isCollision } from './problems.ts';

/** First and longest pause between tries while the server is away, in milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 1000;

/** Waits a little, a different time for each who waits. */
async function pause(ms: number): Promise<void> {
  const shortened = ms * (0.5 + Math.random() / 2);
  await new Promise((wake) => setTimeout(wake, shortened));
}

/** Which failures of a call are followed by another try of the whole of it. */
export type Again =
  /** Also when the server went away under it: it changes nothing, or the server knows it again. */
  | 'always'
  /** Only when it was certainly not applied: no connection came about, or the server undid it. */
  | 'undone';

/** A failure before anything was sent. */
export class NotConnected extends Error {
  constructor(cause: unknown) {
    super('No connection came about', { cause });
  }
}

function mayRepeat(error: unknown, again: Again): boolean {
  if (error instanceof NotConnected) return isAway(error.cause);
  return isCollision(error) || (again === 'always' && isAway(error));
}

/**
 * Makes a call, again and again while the server is away or undoes it, for so many milliseconds.
 *
 * @throws what the last try threw
 */
export async function patiently<T>(
  patienceMs: number,
  again: Again,
  work: () => Promise<T>,
): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
    try {
      return await work();
    } catch (error) {
      if (!mayRepeat(error, again) || performance.now() >= giveUpAt) {
        throw error instanceof NotConnected ? error.cause : error;
      }
    }
    await pause(wait);
  }
}
