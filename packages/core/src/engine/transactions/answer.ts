import type { Dependency, Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import type { Call } from '../call.ts';
import { failureOf } from '../outcomes.ts';
import { isGivenAgain } from '../still-valid.ts';

/**
 * What becomes of a call that an earlier try or process may have answered: what came of it then `stands`; or it is
 * executed, with the record of then, if there is one; or it is `refused`.
 */
export type Answer =
  | { readonly kind: 'stands'; readonly known: Run }
  | { readonly kind: 'executed'; readonly known: Run | undefined }
  | { readonly kind: 'refused'; readonly error: Error };

/** Whether what became of a call before is given again. */
type Stands = (known: Run) => boolean | Promise<boolean>;

/** Goes on at once with what is known at once. */
function then<T, R>(value: T | Promise<T>, go: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(go) : go(value);
}

/** Something is to be undone before it is answered: of its own work, or of what it has left open in transactions. */
async function answerOnceUndone(
  { scope, definition }: Call,
  known: Run,
  stands: Stands,
): Promise<Answer> {
  const { transactions } = scope.execution;
  const { state, name } = known;
  const now = await transactions.undoneIfDue(known, definition);
  if (!(await stands(now))) return { kind: 'executed', known: now };
  if (isTerminal(state) && state.type !== 'COMPLETED') {
    await transactions.rollBackLeftBy(known, failureOf(state, name).error);
  }
  return { kind: 'stands', known: now };
}

/** The code of a transaction whose rollback had begun before its process died follows what was done then, undone or not. */
function follow(
  { scope, transaction, definition }: Call,
  key: string | undefined,
  known: Run | undefined,
  stands: Stands,
): Answer | Promise<Answer> {
  const belongs =
    known?.transaction !== undefined &&
    known.transaction.id === transaction?.id &&
    isTerminal(known.state);
  return then(belongs || (known !== undefined && stands(known)), (followed): Answer => {
    if (known !== undefined && followed) {
      scope.execution.transactions.due.noteCalled(known.id, definition);
      return { kind: 'stands', known };
    }
    if (key !== undefined) transaction?.noteRefused(definition.name, key, known);
    return { kind: 'refused', error: transaction?.undone as Error };
  });
}

/** Looks up what an earlier try or process left of a call. At once where nothing has to be waited for. */
export function answerOf(
  call: Call,
  key: string | undefined,
  known: Run | undefined,
  dependsOn: readonly Dependency[],
): Answer | Promise<Answer> {
  const { scope, transaction, definition } = call;
  const { execution } = scope;
  const stands: Stands = (run) => isGivenAgain(call, run, dependsOn);
  if (transaction?.undone !== undefined) return follow(call, key, known, stands);
  if (known === undefined) return { kind: 'executed', known };
  if (!execution.hasTransactions) {
    return then(stands(known), (given) => ({ kind: given ? 'stands' : 'executed', known }));
  }
  const { transactions } = execution;
  if (transactions.isUndoneFirst(known)) return answerOnceUndone(call, known, stands);
  transactions.due.noteCalled(known.id, definition);
  return then(stands(known), (given): Answer | Promise<Answer> => {
    if (given || !transactions.due.has(known.id)) {
      return { kind: given ? 'stands' : 'executed', known };
    }
    return transactions.superseded(known).then(() => ({ kind: 'executed', known }));
  });
}
