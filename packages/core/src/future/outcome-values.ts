import type { Outcome } from '../model/outcome.ts';

type ValueIn<O> = O extends { readonly ok: true; readonly value: infer T } ? T : never;
/** The values of a list of outcomes, each at its place. */
export type ValuesOf<O extends readonly Outcome<unknown>[]> = {
  -readonly [K in keyof O]: ValueIn<O[K]>;
};

/** What ended otherwise than well, what failed by itself before what was told to stop. */
export function failuresAmong<T>(
  outcomes: readonly Outcome<T>[],
): readonly (Outcome<T> & { ok: false })[] {
  const failures = outcomes.filter((outcome) => !outcome.ok);
  return failures.toSorted(
    (a, b) => Number(a.state === 'CANCELLED') - Number(b.state === 'CANCELLED'),
  );
}

/** The values of outcomes of one type; throws one error of what ended otherwise than well. */
export function allValues<T>(outcomes: readonly Outcome<T>[]): T[] {
  const errors = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error]));
  if (errors.length === 0) return outcomes.map((outcome) => (outcome as { value: T }).value);
  throw new AggregateError(
    errors,
    `${errors.length} of ${outcomes.length} tasks failed: ${errors[0]?.message ?? ''}`,
  );
}

/**
 * The values of outcomes, where all ended well. A flow that returns `valuesOf(outcomes)` fails where one of them did, as
 * one that returns the outcomes themselves does not: those are data.
 *
 * @throws one AggregateError of all that ended otherwise than well: `2 of 3 tasks failed: …`
 */
export function valuesOf<const O extends readonly Outcome<unknown>[]>(outcomes: O): ValuesOf<O> {
  return allValues(outcomes) as ValuesOf<O>;
}

/** The values of a list that stops at a failure; throws what failed by itself, where something did. */
export function valuesOfStopped<T>(outcomes: readonly Outcome<T>[]): T[] {
  const failures = failuresAmong(outcomes);
  const [first] = failures;
  if (first === undefined || first.state === 'CANCELLED') return allValues(outcomes);
  const errors = failures.flatMap(({ state, error }) => (state === 'CANCELLED' ? [] : [error]));
  throw new AggregateError(errors, `The list stopped at a failure: ${first.error.message}`);
}
