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

/** Where it ended otherwise than well, its process may have died before what it had left open was undone. */
async function standing({ execution }: Call['scope'], known: Run): Promise<Answer> {
  const { state, name } = known;
  if (execution.hasTransactions && isTerminal(state) && state.type !== 'COMPLETED') {
    await execution.transactions.rollBackLeftBy(known, failureOf(state, name).error);
  }
  return { kind: 'stands', known };
}

/**
 * Looks up what an earlier try or process left of a call. The code of a transaction whose rollback had begun before its
 * process died follows what was done then, undone or not, and executes nothing.
 */
export async function answerOf(
  call: Call,
  key: string | undefined,
  known: Run | undefined,
  dependsOn: readonly Dependency[],
): Promise<Answer> {
  const { scope, transaction, definition } = call;
  const { execution } = scope;
  const stands = (run: Run): boolean | Promise<boolean> => isGivenAgain(call, run, dependsOn);
  const error = transaction?.undone;
  if (error !== undefined) {
    const belongs = known !== undefined && known.transaction?.id === transaction?.id;
    if (known !== undefined && ((belongs && isTerminal(known.state)) || (await stands(known)))) {
      execution.transactions.due.noteCalled(known.id, definition);
      return { kind: 'stands', known };
    }
    if (key !== undefined) transaction?.noteRefused(definition.name, key, known);
    return { kind: 'refused', error };
  }
  if (known?.transaction === undefined) {
    return known !== undefined && (await stands(known))
      ? standing(scope, known)
      : { kind: 'executed', known };
  }
  const now = await execution.transactions.undoneIfDue(known, definition);
  if (await stands(now)) return standing(scope, now);
  await execution.transactions.superseded(now);
  return { kind: 'executed', known: now };
}
