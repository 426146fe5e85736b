import { outcomesOf, type FutureListOfTasks } from '../future/future-list.ts';
import { failuresAmong } from '../future/outcome-values.ts';
import { isFuture, type FutureOfTask, type Waitable } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Cancellation } from './cancellation.ts';
import type { Dependency } from '../model/run.ts';
import { replaced, searchIn, type AnyFuture } from './search.ts';

/** A future ended otherwise than well, and what needs its value cannot run. */
class UpstreamFailure extends Error {
  readonly upstream: Error;

  constructor(upstream: Error) {
    super(upstream.message);
    this.upstream = upstream;
  }
}

function valueOrUpstream(outcome: Outcome<unknown>): unknown {
  if (outcome.ok) return outcome.value;
  throw new UpstreamFailure(outcome.error);
}

/** The items of a list could not be read to their end: it has no value, like a task that failed. */
function itemsUnreadable(error: unknown): never {
  throw new UpstreamFailure(error as Error);
}

async function valueOfFuture(future: AnyFuture): Promise<unknown> {
  if (isFuture(future)) return valueOrUpstream(await future.parts.settled);
  const outcomes = await outcomesOf(future).catch(itemsUnreadable);
  const [failure] = failuresAmong(outcomes);
  return failure === undefined ? outcomes.map(valueOrUpstream) : valueOrUpstream(failure);
}

/**
 * A value with its futures replaced by what they gave, and its quotes by what was quoted.
 *
 * @throws UpstreamFailure when one of them ended otherwise than well; all have ended then
 */
async function resolveFutures(value: unknown): Promise<unknown> {
  const { futures, quotes } = searchIn([value]);
  if (futures.length === 0 && quotes.length === 0) return value;
  const settled = await Promise.allSettled(futures.map(valueOfFuture));
  const values = new Map<unknown, unknown>(quotes.map((quote) => [quote, quote.value]));
  for (const [at, result] of settled.entries()) {
    if (result.status === 'rejected') throw result.reason;
    values.set(futures[at], result.value);
  }
  return replaced(value, values);
}

/**
 * What code has returned, with its futures resolved. What it returns, it has looked at: a failure in it is thrown, once
 * all have ended.
 */
export async function resolveReturned(value: unknown): Promise<unknown> {
  for (const future of searchIn([value]).futures) future.parts.observe();
  try {
    return await resolveFutures(value);
  } catch (error) {
    throw error instanceof UpstreamFailure ? error.upstream : error;
  }
}

/** Whether all of these have ended. */
export function allEnded(futures: readonly AnyFuture[]): boolean {
  return futures.every((future) => future.parts.ended());
}

/** What a run is given, once that is known. */
export interface Given {
  readonly args: readonly unknown[];
  readonly dependsOn: readonly Dependency[];
  /** Why something that it needs did not complete. */
  readonly upstream?: Error | undefined;
}

/** What became of the inputs of a run. `cancelled`: it was told to stop before they had ended. */
export type ReadInputs =
  | { readonly kind: 'ready'; readonly args: readonly unknown[] }
  | { readonly kind: 'failed'; readonly upstream: Error }
  | { readonly kind: 'cancelled' };

/** Waits for what arguments hold and `waitFor` names: until all have ended, or the run is told to stop. */
export function readInputs(
  args: readonly unknown[],
  waitFor: readonly Waitable[],
  cancellation: Cancellation,
): Promise<ReadInputs> {
  return new Promise((resolve, reject) => {
    const stopListening = cancellation.onAbort(() => resolve({ kind: 'cancelled' }));
    Promise.all([resolveFutures(args), resolveFutures([...waitFor])]).then(
      ([ready]) => {
        stopListening();
        resolve({ kind: 'ready', args: ready as readonly unknown[] });
      },
      (error: unknown) => {
        stopListening();
        if (error instanceof UpstreamFailure) resolve({ kind: 'failed', upstream: error.upstream });
        else reject(error);
      },
    );
  });
}

/** The runs that these futures come from, once they have ended. */
export async function dependenciesOf(
  futures: readonly AnyFuture[],
): Promise<readonly Dependency[]> {
  const found = new Map<string, Dependency>();
  for (const future of futures) {
    const members = isFuture(future) ? [future] : await startedMembers(future);
    for (const member of members) {
      for (const each of member.parts.dependencies()) found.set(each.runId, each);
    }
  }
  return [...found.values()];
}

async function startedMembers(
  list: FutureListOfTasks<unknown>,
): Promise<readonly FutureOfTask<unknown>[]> {
  const members: FutureOfTask<unknown>[] = [];
  try {
    for await (const { future } of list.parts.members()) members.push(future);
  } catch {
    // The items could not be read to their end: what needs them is told so when it resolves its input.
  }
  return members;
}
