import type { Failure } from '../model/failure.ts';
import { transactionsOf, type Membership, type TransactionId } from '../model/transaction.ts';

/** What became of a transaction. Recorded once, never changed. */
export type Decision =
  | { readonly kind: 'committed' }
  | {
      readonly kind: 'rolled-back';
      readonly error: Failure;
      /** Its code was told to stop from outside: left alone, it would not have come to this end. */
      readonly cut: boolean;
    };

/** The decision that holds for what a transaction has done, and which transaction it was made on. */
export interface Decided {
  readonly by: TransactionId;
  readonly decision: Decision;
}

/**
 * What holds for the work of a transaction: the innermost rollback around it; else whether the outermost has committed.
 * Undefined while nothing is decided. Pure.
 */
export function decidedFor(
  membership: Membership,
  decisions: ReadonlyMap<TransactionId, Decision>,
): Decided | undefined {
  const path = transactionsOf(membership);
  for (const by of path.toReversed()) {
    const decision = decisions.get(by);
    if (decision?.kind === 'rolled-back') return { by, decision };
  }
  const [by = membership.id] = path;
  const decision = decisions.get(by);
  return decision === undefined ? undefined : { by, decision };
}
