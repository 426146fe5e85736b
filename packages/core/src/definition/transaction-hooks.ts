import type { TransactionId } from '../model/transaction.ts';
import type { Secret } from '../secret/secret.ts';
import type { HookInfo } from './hook-info.ts';

/** What a commit hook is told beside the result, and what it can ask for: it may be called in another process than the task was. */
export interface CommitInfo extends HookInfo {
  /** The transaction that the run was called in. */
  readonly transaction: { readonly id: TransactionId; readonly name: string };
  /**
   * An object that was registered with the engine.
   *
   * @throws `RESOURCE_UNKNOWN`
   */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what it registered
  resource<T>(name: string): T;
  /** The value of a secret; from now on it is scrubbed from logs and errors. */
  secret(secret: Secret): Promise<string>;
}

/** What a rollback hook is told beside the result, and what it can ask for. */
export interface RollbackInfo extends CommitInfo {
  /** Why the transaction is rolled back. */
  readonly error: Error;
}

/** What takes part in the transaction that a run was called in. Outside of one, neither is called. */
export interface TransactionHooks<R = never> {
  /**
   * The transaction commits. Called once everything in it has ended well; what it throws fails the transaction, which
   * is rolled back then. At least once: a crash in between repeats it.
   */
  onCommit?: (value: R, info: CommitInfo) => void | Promise<void>;
  /**
   * Undoes what the run has done, because the transaction is rolled back. Called only where the run has completed, at
   * least once, in any process. What it throws is reported, and keeps no other hook from being called.
   */
  onRollback?: (value: R, info: RollbackInfo) => void | Promise<void>;
}
