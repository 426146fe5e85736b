import { HoldfastError } from '@holdfast/core';

/** The error of a layer whose options make no sense. */
export function optionsInvalid(layer: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `${layer}: ${problem}.`, { hint, retryable: false });
}

/** Refuses an option that a layer does not know. */
export function refuseUnknown(layer: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option));
  if (unknown === undefined) return;
  throw optionsInvalid(layer, `there is no option '${unknown}'`, `Known are ${known.join(', ')}.`);
}
