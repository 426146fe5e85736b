import type { Resolved } from '../../definition/input-types.ts';
import {
  checkTransaction,
  type Transaction,
  type TransactionOptions,
} from '../../definition/transaction-options.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import { ObservedPromise } from '../../future/observed-promise.ts';
import { currentScope } from '../scope.ts';
import { OpenTransaction } from './open-transaction.ts';

/**
 * Executes code of a flow as one whole: `transaction(async () => …, { name: 'publish' })`. What it calls belongs to
 * it, also what that calls in its turn.
 *
 * When the code has returned and everything has ended that it started, the transaction commits: the `onCommit` hooks of
 * what has completed in it are called, nested transactions first, then it is recorded as committed. When it throws, or a
 * commit hook does, or the flow is stopped meanwhile, it is rolled back: the `onRollback` hooks are called one by one, the
 * last that completed leading, then those of nested transactions; every one of them, whatever another throws. What was
 * undone is executed again by a retry, with everything that takes it as input.
 *
 * All of it holds over crashes. A transaction that was open goes on, one whose rollback had begun is rolled back to its
 * end, from the store alone where the flow itself cannot go on.
 *
 * @returns what the code gave, with futures in it resolved
 * @throws what the code threw; `COMMIT_FAILED`; `ROLLBACK_FAILED` when rollback hooks threw beside it; at once `NO_RUN`,
 *   `OPTIONS_INVALID`, `NAME_REUSED`, `RUN_ENDED`, `TRANSACTION_OVER`
 */
export function transaction<R>(
  fn: (transaction: Transaction) => R,
  options: TransactionOptions = {},
): Promise<Resolved<R>> {
  const checked = checkTransaction(fn, options);
  const scope = currentScope();
  if (scope === undefined) {
    throw new HoldfastError('NO_RUN', 'transaction() was called outside of a flow or task.', {
      hint: 'Call it within the function of a flow.',
      retryable: false,
    });
  }
  const open = new OpenTransaction(scope, checked, fn);
  return ObservedPromise.watch(open.result as Promise<Resolved<R>>, open);
}
