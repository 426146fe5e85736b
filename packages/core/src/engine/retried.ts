import pRetry from 'p-retry';
import type { Outcome } from '../model/outcome.ts';
import type { AttemptEnd } from './attempt.ts';

/** How an attempt ended that gave no value. */
export type WithoutValue = Exclude<AttemptEnd, { kind: 'returned' }>;

/** An attempt that gave no value, on its way through p-retry, which retries instances of Error other than TypeError only. */
class AttemptWithoutValue extends Error {
  readonly end: WithoutValue;

  constructor(end: WithoutValue) {
    super(end.kind);
    this.end = end;
  }
}

/**
 * Makes attempts until there is an outcome.
 *
 * @param attempt makes one; gives the outcome where it gave a value
 * @param without records one that gave none; gives the outcome, or undefined when the next may begin
 * @throws what either throws
 */
export async function retried(
  attempt: () => Promise<Outcome<unknown> | WithoutValue>,
  without: (end: WithoutValue) => Promise<Outcome<unknown> | undefined>,
): Promise<Outcome<unknown>> {
  let outcome: Outcome<unknown> | undefined;
  const once = async (): Promise<Outcome<unknown>> => {
    const end = await attempt();
    if ('ok' in end) return end;
    throw new AttemptWithoutValue(end);
  };
  const again = async (error: Error): Promise<boolean> => {
    if (!(error instanceof AttemptWithoutValue)) throw error;
    outcome = await without(error.end);
    return outcome === undefined;
  };
  try {
    return await pRetry(once, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 0,
      shouldRetry: ({ error }) => again(error),
    });
  } catch (error) {
    if (!(error instanceof AttemptWithoutValue)) throw error;
    if (outcome === undefined) await again(error);
    return outcome as unknown as Outcome<unknown>;
  }
}
