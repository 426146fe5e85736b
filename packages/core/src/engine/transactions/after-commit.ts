import { transactionsOf, type Membership, type TransactionId } from '../../model/transaction.ts';
import { decidedFor, type Decision } from '../../rules/transaction-decision.ts';

interface Waiting {
  readonly transaction: Membership;
  readonly act: () => void;
}

/** What this process does once the work of a transaction is committed, and leaves undone where it is rolled back. */
export class AfterCommit {
  /** By the outermost transaction around, with which all of them are decided. */
  readonly #waiting = new Map<TransactionId, Waiting[]>();

  /** Does something once what was done in a transaction is committed. */
  add(transaction: Membership, act: () => void): void {
    const [outermost = transaction.id] = transactionsOf(transaction);
    const waiting = this.#waiting.get(outermost);
    if (waiting === undefined) this.#waiting.set(outermost, [{ transaction, act }]);
    else waiting.push({ transaction, act });
  }

  /** A transaction was decided. */
  decided(id: TransactionId, decisions: ReadonlyMap<TransactionId, Decision>): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const { transaction, act } of waiting) {
      if (decidedFor(transaction, decisions)?.decision.kind === 'committed') act();
    }
  }
}
