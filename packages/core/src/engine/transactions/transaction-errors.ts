import { HoldfastError } from '../../errors/holdfast-error.ts';
import { fromFailure } from '../../serial/failure-codec.ts';
import type { FailedRollback } from './decision-log.ts';

function retryable(error: unknown): boolean {
  return (error as { retryable?: unknown } | null | undefined)?.retryable !== false;
}

/** A commit hook threw, so its transaction is rolled back. */
export function commitFailed(transaction: string, run: string, cause: unknown): HoldfastError {
  return new HoldfastError(
    'COMMIT_FAILED',
    `The commit hook of '${run}' threw, so the transaction '${transaction}' was rolled back.`,
    {
      hint: 'The cause is what the hook threw.',
      retryable: retryable(cause),
      context: { transaction, run },
      cause,
    },
  );
}

/** Rollback hooks threw, beside the error for which the transaction was rolled back. */
export function rollbackFailed(
  transaction: string,
  error: unknown,
  failed: readonly FailedRollback[],
): HoldfastError {
  const names = failed.map(({ name }) => name);
  const errors = failed.map((each) => fromFailure(each.error));
  const message = error instanceof Error ? error.message : String(error);
  return new HoldfastError(
    'ROLLBACK_FAILED',
    `The transaction '${transaction}' failed (${message}), and rollback hooks threw: ${names.join(', ')}.`,
    {
      hint: 'What these tasks did may still be there: undo it by hand. Every other rollback hook was called.',
      retryable: retryable(error),
      context: { transaction, hooks: names },
      cause: new AggregateError([error, ...errors], message, { cause: error }),
    },
  );
}

/** A run whose work is to be undone is called by a definition that cannot undo it. */
export function rollbackLeft(run: string): HoldfastError {
  return new HoldfastError(
    'ROLLBACK_LEFT',
    `What '${run}' did in a transaction that was rolled back is not undone yet, so it is not executed again.`,
    {
      hint: 'Give createEngine({ tasks }) the definition that has its onRollback hook.',
      context: { run },
    },
  );
}

/** Why what a run did is undone although its transaction is not: it is about to be done anew. */
export function runSuperseded(run: string): HoldfastError {
  return new HoldfastError(
    'RUN_SUPERSEDED',
    `What '${run}' did no longer counts, and is done anew.`,
    {
      hint: 'Its stored result was out of date, or what it had taken as input was made anew.',
      retryable: false,
      context: { run },
    },
  );
}

/** Why a transaction is rolled back whose code nobody executes any more. */
export function transactionLeft(run: string): HoldfastError {
  return new HoldfastError(
    'TRANSACTION_LEFT',
    `'${run}' ended without the transaction that it had opened before its process died.`,
    {
      hint: 'The code around a call may change between crash and resume; the transaction must still be reached.',
      retryable: false,
    },
  );
}

/** A task was called by code of a transaction that has ended. */
export function transactionOver(what: string, transaction: string): HoldfastError {
  return new HoldfastError(
    'TRANSACTION_OVER',
    `'${what}' was started after the transaction '${transaction}' had ended.`,
    {
      hint: 'Await in a transaction what is started in it.',
      retryable: false,
      context: { transaction },
    },
  );
}
