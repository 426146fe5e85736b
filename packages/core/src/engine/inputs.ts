import { isFutureList, outcomesOf, type FutureListOfTasks } from '../future/future-list.ts';
import { isFuture, type FutureOfTask, type Waitable } from '../future/task-future.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency } from '../model/run.ts';

/** Anything that can be waited for. */
export type AnyFuture = FutureOfTask<unknown> | FutureListOfTasks<unknown>;

/** A future ended otherwise than well, and what needs its value cannot run. */
export class UpstreamFailure extends Error {
  readonly upstream: Error;

  constructor(upstream: Error) {
    super(upstream.message);
    this.upstream = upstream;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The futures in a value: itself, or in arrays and plain objects at any depth. */
export function futuresIn(
  value: unknown,
  found: AnyFuture[] = [],
  seen = new Set<object>(),
): AnyFuture[] {
  if (typeof value !== 'object' || value === null) return found;
  if (isFuture(value) || isFutureList(value)) {
    found.push(value);
    return found;
  }
  if (!Array.isArray(value) && !isPlain(value)) return found;
  if (seen.has(value)) return found;
  seen.add(value);
  for (const each of Object.values(value)) futuresIn(each, found, seen);
  return found;
}

function valueOrUpstream(outcome: Outcome<unknown>): unknown {
  if (outcome.ok) return outcome.value;
  throw new UpstreamFailure(outcome.error);
}

async function valueOfFuture(future: AnyFuture): Promise<unknown> {
  if (isFuture(future)) return valueOrUpstream(await future.parts.settled);
  return (await outcomesOf(future)).map(valueOrUpstream);
}

/**
 * A value with its futures replaced by what they gave.
 *
 * @throws UpstreamFailure when one of them ended otherwise than well; all have ended then
 */
export async function resolveFutures(value: unknown): Promise<unknown> {
  const futures = futuresIn(value);
  if (futures.length === 0) return value;
  const settled = await Promise.allSettled(futures.map(valueOfFuture));
  const values = new Map<AnyFuture, unknown>();
  for (const [at, result] of settled.entries()) {
    if (result.status === 'rejected') throw result.reason;
    values.set(futures[at] as AnyFuture, result.value);
  }
  return replaced(value, values);
}

function replaced(value: unknown, values: ReadonlyMap<AnyFuture, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (values.has(value as AnyFuture)) return values.get(value as AnyFuture);
  if (Array.isArray(value)) return value.map((each) => replaced(each, values));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, replaced(each, values)]),
  );
}

/** Waits until all have ended; throws UpstreamFailure when one ended otherwise than well. */
export async function waitForAll(waitables: readonly Waitable[]): Promise<void> {
  await resolveFutures([...waitables]);
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
