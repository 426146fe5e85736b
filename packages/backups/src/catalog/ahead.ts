/** How far the clock that dated something may be ahead of this machine's, in milliseconds. */
const TOLERATED = 3_600_000;

/**
 * Whether a time lies in the future by more than an hour: some clock was wrong, and what came before what
 * cannot be told by it.
 *
 * @param time ISO 8601
 * @param now epoch milliseconds
 */
export function isAhead(time: string, now: number): boolean {
  return Date.parse(time) > now + TOLERATED;
}
