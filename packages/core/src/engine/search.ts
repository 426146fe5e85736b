import { isFutureList, type FutureListOfTasks } from '../future/future-list.ts';
import { isQuoted, type QuotedValue } from '../future/quote.ts';
import { isFuture, type FutureOfTask } from '../future/task-future.ts';
import { isPlain } from '../serial/is-plain.ts';
import { setOwn } from '../serial/set-own.ts';

/** Anything that can be waited for. */
export type AnyFuture = FutureOfTask<unknown> | FutureListOfTasks<unknown>;

/** What in a value stands for another one. */
export interface Found {
  readonly futures: readonly AnyFuture[];
  /** Passed as they are: nothing was looked for in them. */
  readonly quotes: readonly QuotedValue[];
}

const NOTHING: Found = { futures: [], quotes: [] };

class Search implements Found {
  readonly futures: AnyFuture[] = [];
  readonly quotes: QuotedValue[] = [];
  readonly #seen = new Set<object>();

  in(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (isFuture(value) || isFutureList(value)) {
      this.futures.push(value);
      return;
    }
    if (isQuoted(value)) {
      this.quotes.push(value);
      return;
    }
    if (!Array.isArray(value) && !isPlain(value)) return;
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    for (const each of Object.values(value)) this.in(each);
  }
}

function isPrimitive(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** The futures and quotes in values: each itself, or in arrays and plain objects at any depth. */
export function searchIn(values: readonly unknown[]): Found {
  if (values.every(isPrimitive)) return NOTHING;
  const search = new Search();
  for (const value of values) search.in(value);
  return search;
}

/**
 * A copy of plain data with what is found in it replaced; `values` also remembers what was copied already, since data
 * may hold itself.
 */
export function replaced(value: unknown, values: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (values.has(value)) return values.get(value);
  if (!Array.isArray(value) && !isPlain(value)) return value;
  const copy: object = Array.isArray(value) ? [] : {};
  values.set(value, copy);
  for (const [key, each] of Object.entries(value)) {
    setOwn(copy as { [key: string]: unknown }, key, replaced(each, values));
  }
  return copy;
}

/** Arguments with what was quoted in place of its quotes; futures stay. */
export function unquoted(
  args: readonly unknown[],
  { quotes }: Found = searchIn(args),
): readonly unknown[] {
  if (quotes.length === 0) return args;
  const values = new Map<unknown, unknown>(quotes.map((quote) => [quote, quote.value]));
  return replaced([...args], values) as readonly unknown[];
}
