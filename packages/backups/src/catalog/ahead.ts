/** How far the clock that dated something may be ahead of this machine's, in milliseconds. */
const TOLERATED = 3_600_000;

/**
 * Whether a time lies in the future by more than an hour: some clock was wrong, and what came before what
 * cannot be told by it.
 *
 * @param time ISO 8601, or epoch milliseconds
 * @param now epoch milliseconds
 */
export function isAhead(time: string | number, now: number): boolean {
  const at = typeof time === 'string' ? Date.parse(time) : time;
  return at > now + TOLERATED;
}
