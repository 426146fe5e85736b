import type { RunId } from './ids.ts';

/**
 * Names a transaction: the run whose code opened it, the try of that run, and the names of the transactions around it
 * in that code, its own last. The same in every process that resumes the run, another one for each try.
 */
export type TransactionId = `${RunId}/${string}/${string}`;

/** Which transaction a run belongs to: it is undone when that one, or one around it, is rolled back. */
export interface Membership {
  readonly id: TransactionId;
  /** The transactions that it is decided with, from the outermost inward. Empty when it is decided by itself. */
  readonly within: readonly TransactionId[];
}

/** What identifies a transaction, apart. */
export interface TransactionParts {
  /** The run whose code opened it. */
  readonly runId: RunId;
  /** The try of that run: `generation.attempt`. */
  readonly scope: string;
  /** Its name and those around it in the same code, as one text. */
  readonly path: string;
}

/** The id of a transaction with this name. `around` is the one that encloses it in the code of the same try. */
export function transactionId(
  runId: RunId,
  tryName: string,
  name: string,
  around?: TransactionId,
): TransactionId {
  return `${around ?? `${runId}/${tryName}`}/${encodeURIComponent(name)}`;
}

/** What an id is made of. */
export function transactionParts(id: TransactionId): TransactionParts {
  const [runId = '', scope = '', ...path] = id.split('/');
  return { runId: runId as RunId, scope, path: path.join('/') };
}

/** What the code calls a transaction. */
export function transactionName(id: TransactionId): string {
  return decodeURIComponent(id.slice(id.lastIndexOf('/') + 1));
}

/** The transactions of a membership, from the outermost inward. */
export function transactionsOf({ within, id }: Membership): readonly TransactionId[] {
  return [...within, id];
}
