import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Accounts } from './accounts.ts';

/** Code has ended by itself: with a value, or with what it threw. */
export type CodeEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown };

function beside(thrown: unknown, errors: readonly Error[]): AggregateError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AggregateError(
    [thrown, ...errors],
    `${message} (beside it, ${errors.length} task(s) failed that nobody looked at)`,
    { cause: thrown },
  );
}

/**
 * Failures of what code has started, and that nobody looked at, make it fail, beside what it threw itself. Valid once
 * all of it has ended.
 *
 * @param name what has the code: a flow, a task, or a group
 */
export function withUnobserved(name: string, accounts: Accounts, end: CodeEnd): CodeEnd {
  const children = accounts.unobserved();
  if (children.length === 0) return end;
  const thrown = end.kind === 'threw' ? end.error : undefined;
  const errors = children.flatMap(({ error }) =>
    error === undefined || error === thrown ? [] : [error],
  );
  if (errors.length === 0) return end;
  if (end.kind === 'threw') return { kind: 'threw', error: beside(end.error, errors) };
  const names = children.map((child) => child.name).join(', ');
  const error = new HoldfastError(
    'UNOBSERVED_FAILURE',
    `'${name}' returned, but tasks it had submitted failed: ${names}.`,
    {
      hint: 'Await what you submit, read its outcome(), or pass it through allowFailure().',
      retryable: errors.every((each) => (each as { retryable?: unknown }).retryable !== false),
      cause:
        errors.length === 1
          ? errors[0]
          : new AggregateError(errors, `${errors.length} tasks failed`),
    },
  );
  return { kind: 'threw', error };
}
