import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Finding } from '../sources/source.ts';

/** What an error would mean for a dump, as a finding. */
function findingOf(
  { code, message, hint }: HoldfastError,
  severity: Finding['severity'] = 'error',
): Finding {
  return { code, severity, message, ...(hint === undefined ? {} : { hint }) };
}

/**
 * Tries something that a dump will need.
 *
 * @returns what it gave, or the finding that its error is
 * @throws what is no error of ours, and the signal's reason
 */
export async function tryOut<T>(
  signal: AbortSignal,
  work: () => Promise<T>,
  severity: Finding['severity'] = 'error',
): Promise<{ readonly value: T } | { readonly finding: Finding }> {
  try {
    return { value: await work() };
  } catch (error) {
    signal.throwIfAborted();
    if (!isHoldfastError(error)) throw error;
    return { finding: findingOf(error, severity) };
  }
}

/** What stands in the way of something that a dump will need: nothing, or one finding. */
export async function complaints(
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<readonly Finding[]> {
  const tried = await tryOut(signal, work);
  return 'finding' in tried ? [tried.finding] : [];
}
