import { optionsInvalid } from '../errors/errors.ts';
import { shownValue } from '../errors/shown-value.ts';

/**
 * An option that counts something. Infinity counts as a whole number.
 *
 * @throws `OPTIONS_INVALID`
 */
export function wholeNumber(
  what: string,
  option: string,
  value: unknown,
  least: number,
  otherwise: number,
): number {
  if (value === undefined) return otherwise;
  if (
    typeof value === 'number' &&
    value >= least &&
    (Number.isInteger(value) || value === Infinity)
  ) {
    return value;
  }
  throw optionsInvalid(
    what,
    `${option} must be a whole number of at least ${least}, not ${shownValue(value)}`,
    'Correct the option.',
  );
}
