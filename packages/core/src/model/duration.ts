import { HoldfastError } from '../errors/holdfast-error.ts';
import { shownValue } from '../errors/shown-value.ts';

/**
 * A span of time: milliseconds as a number, or a text of numbers with units, largest first:
 * `'250ms'`, `'90s'`, `'1h30m'`, `'2d'`. A day is 24 hours.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}` | (string & {});

const UNITS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const TEXT =
  /^(?:(?<d>\d+(?:\.\d+)?)d)?(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$/;

function invalid(value: unknown, what: string): HoldfastError {
  return new HoldfastError('DURATION_INVALID', `${what} is no duration: ${shownValue(value)}.`, {
    hint: "Give milliseconds as a number, or a text such as '90s' or '1h30m'.",
    retryable: false,
  });
}

/**
 * Milliseconds of a duration.
 *
 * @param what names the value in the error, for example "The option 'timeout' of task 'dump'"
 * @throws `DURATION_INVALID` when it is negative, not finite, or no duration at all
 */
export function durationMs(value: Duration, what = 'The value'): number {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && value >= 0) return value;
    throw invalid(value, what);
  }
  const groups = typeof value === 'string' && value !== '' ? TEXT.exec(value)?.groups : undefined;
  if (groups === undefined) throw invalid(value, what);
  let total = 0;
  for (const [unit, size] of Object.entries(UNITS)) {
    const amount = groups[unit];
    if (amount !== undefined) total += Number(amount) * size;
  }
  return total;
}
