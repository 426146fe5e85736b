import { transactionsOf, type Membership, type TransactionId } from '../model/transaction.ts';

/** Something that a transaction has done. Lists of them stand in the order in which they were completed. */
export interface Done {
  readonly transaction: Membership;
}

/** What one transaction has done itself, and what those nested in it have, each in its order of completion. */
interface Parts<D> {
  readonly own: readonly D[];
  /** The one that completed something last is the last. */
  readonly nested: readonly (readonly D[])[];
}

function partsAt<D extends Done>(done: readonly D[], depth: number): Parts<D> {
  const own: D[] = [];
  const nested = new Map<TransactionId, D[]>();
  for (const each of done) {
    const inner = transactionsOf(each.transaction)[depth];
    if (inner === undefined) own.push(each);
    else {
      const list = nested.get(inner) ?? [];
      list.push(each);
      nested.delete(inner);
      nested.set(inner, list);
    }
  }
  return { own, nested: [...nested.values()] };
}

/** The order in which it is committed: nested transactions first, in the order in which they ended; then its own, as it was completed. Pure. */
export function commitOrder<D extends Done>(done: readonly D[], depth = 0): readonly D[] {
  const { own, nested } = partsAt(done, depth);
  return [...nested.flatMap((each) => commitOrder(each, depth + 1)), ...own];
}

/** The order in which it is undone: its own first, the last one leading; then nested transactions, the last one leading. Pure. */
export function rollbackOrder<D extends Done>(done: readonly D[], depth = 0): readonly D[] {
  const { own, nested } = partsAt(done, depth);
  return [
    ...own.toReversed(),
    ...nested.toReversed().flatMap((each) => rollbackOrder(each, depth + 1)),
  ];
}
