import { optionsInvalid } from '../errors/errors.ts';
import type { TransactionId } from '../model/transaction.ts';

/** What can be said of a transaction beside its code. */
export interface TransactionOptions {
  /**
   * Identifies it within the code that opens it, so that a resume finds it again: unique there, beside the
   * transactions nested in it. Default: the function's name, or 'transaction'.
   */
  name?: string;
  /**
   * When it commits: `lazy`, with the outermost transaction around it; `eager`, when it ends, also within another, whose
   * rollback then leaves it alone; `off`, never: what is called in it belongs to no transaction. Default `lazy`.
   */
  commit?: 'lazy' | 'eager' | 'off';
}

/** A transaction, as its code sees it. */
export interface Transaction {
  /** The same in every process that resumes its run; another one in each try. */
  readonly id: TransactionId;
  readonly name: string;
}

/** Options that were checked. */
export interface CheckedTransaction {
  readonly name: string;
  readonly commit: 'lazy' | 'eager' | 'off';
}

const COMMITS: ReadonlySet<unknown> = new Set(['lazy', 'eager', 'off']);
const KNOWN: ReadonlySet<string> = new Set(['name', 'commit']);

function checkName(name: unknown): asserts name is string {
  const kept = typeof name === 'string' && name.trim() !== '' && name.isWellFormed();
  if (kept && !name.includes('\0')) return;
  throw optionsInvalid(
    'A transaction',
    'its name must be a text that every store keeps',
    "Give { name: '…' }.",
  );
}

/**
 * Checks what a transaction is made of, and fills in the defaults.
 *
 * @throws `OPTIONS_INVALID`
 */
export function checkTransaction(fn: unknown, options: unknown): CheckedTransaction {
  if (typeof fn !== 'function') {
    throw optionsInvalid(
      'A transaction',
      'its code must be a function, and stand first',
      "Write transaction(async () => …, { name: '…' }).",
    );
  }
  if (typeof options !== 'object' || options === null) {
    throw optionsInvalid('A transaction', 'its options must be an object', "Write { name: '…' }.");
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || KNOWN.has(option)) continue;
    const hint = `Options of a transaction: ${[...KNOWN].join(', ')}.`;
    throw optionsInvalid('A transaction', `there is no option '${option}'`, hint);
  }
  const { name = fn.name === '' ? 'transaction' : fn.name, commit = 'lazy' } =
    options as TransactionOptions;
  checkName(name);
  if (COMMITS.has(commit)) return { name, commit };
  throw optionsInvalid(
    `The transaction '${name}'`,
    "commit must be 'lazy', 'eager' or 'off'",
    'Correct the option.',
  );
}
