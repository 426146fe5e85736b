import type { CheckedTransaction, Transaction } from '../../definition/transaction-options.ts';
import { engineStopped, parentFailed } from '../../errors/errors.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Run } from '../../model/run.ts';
import {
  transactionId,
  transactionName,
  transactionsOf,
  type Membership,
  type TransactionId,
} from '../../model/transaction.ts';
import { errorOf, fromFailure } from '../../serial/failure-codec.ts';
import { Accounts, type Accountable } from '../accounts.ts';
import { Cancellation } from '../cancellation.ts';
import type { Execution } from '../execution.ts';
import { resolveReturned } from '../inputs.ts';
import { failed } from '../outcomes.ts';
import { Region, type Scope } from '../scope.ts';
import { endOfStretch, inStretch, stretchIn, type Stretch } from '../stretch.ts';
import { withUnobserved, type CodeEnd } from '../unobserved.ts';
import { rollbackFailed, transactionOver } from './transaction-errors.ts';
import type { Transactions } from './transactions.ts';

const TRANSACTION = new Region<OpenTransaction>();

/** The innermost transaction around the executing code of an attempt. */
export function transactionIn(): OpenTransaction | undefined {
  return TRANSACTION.value;
}

/** The code of a transaction. */
export type Code = (transaction: Transaction) => unknown;

/** How the code of a transaction ended. `cut`: it was told to stop from outside. */
type End =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly error: unknown; readonly cut: boolean };

/** A transaction while its code executes, until it has joined the one around it, or is committed, or rolled back. */
export class OpenTransaction implements Stretch, Accountable {
  readonly name: string;
  readonly accounts = new Accounts();
  readonly cancellation: Cancellation;
  /** What its code gave. */
  readonly result: Promise<unknown>;
  readonly settled: Promise<Outcome<unknown>>;
  readonly id: TransactionId;
  /** What is called in it belongs there; undefined where it is off. */
  readonly membership: Membership | undefined;
  /** Why an earlier process began to roll it back, or the one around it: its code only follows what was done then. */
  readonly undone: Error | undefined;
  readonly #scope: Scope;
  readonly #around: Stretch;
  readonly #refused: { name: string; key: string; known: Run | undefined }[] = [];
  #observed = false;
  #error: Error | undefined;
  #over = false;
  #undoneRuns = 0;

  constructor(scope: Scope, { name, commit }: CheckedTransaction, code: Code) {
    const around = TRANSACTION.value;
    this.#scope = scope;
    this.#around = stretchIn(scope);
    this.name = `transaction ${name}`;
    this.#around.assertOpen(this.name);
    this.cancellation = new Cancellation(this.#around.cancellation);
    this.id = transactionId(scope.run.id, scope.tryName, name, around?.id);
    if (commit !== 'off') {
      const outer = around === undefined ? scope.run.transaction : around.membership;
      const joins = commit === 'lazy' && outer !== undefined;
      this.membership = { id: this.id, within: joins ? transactionsOf(outer) : [] };
      this.#transactions.open(this.id, scope.run.name);
      const decision = this.#transactions.log.decisions.get(this.id);
      this.undone = decision?.kind === 'rolled-back' ? fromFailure(decision.error) : around?.undone;
    }
    this.result = this.#perform(code);
    this.settled = this.result.then(
      (value): Outcome<unknown> => ({ ok: true, value, state: 'COMPLETED' }),
      (error: unknown): Outcome<unknown> => {
        this.#error = errorOf(error);
        return failed('FAILED', this.#error);
      },
    );
    this.#around.accounts.adopt(this);
  }

  /** What was undone ended otherwise than well, too. */
  get failedRuns(): number {
    return this.accounts.failed + this.#undoneRuns;
  }

  get observed(): boolean {
    return this.#observed;
  }

  get error(): Error | undefined {
    return this.#error;
  }

  observe(): void {
    this.#observed = true;
  }

  assertOpen(what: string): void {
    this.#around.assertOpen(what);
    if (this.#over) throw transactionOver(what, transactionName(this.id));
  }

  get #transactions(): Transactions {
    return this.#scope.execution.transactions;
  }

  async #perform(code: Code): Promise<unknown> {
    if (this.undone !== undefined) return this.#follow(code, this.undone);
    const end = await this.#end(code);
    if (end.kind === 'threw') return this.#fail(end.error, end.cut);
    await this.#commit();
    return end.value;
  }

  /** Executes its code, and waits for everything that has started. */
  async #end(code: Code): Promise<End> {
    const { execution, definition } = this.#scope;
    const work = TRANSACTION.run(this, () => inStretch(this, () => this.#valueOf(code)));
    const end = await endOfStretch(work, this.cancellation, execution.clock, definition.grace);
    const told = this.cancellation.reason;
    if (end.kind !== 'returned') {
      this.#over = true;
      const cause = end.kind === 'threw' ? end.error : end.reason;
      this.cancellation.abort(parentFailed(this.name, cause));
    }
    if (this.accounts.busy) await this.#scope.waiting(this.accounts.join());
    this.#over = true;
    this.cancellation.end();
    const reason = end.kind === 'returned' ? this.cancellation.reason : told;
    if (reason !== undefined) return { kind: 'threw', error: reason, cut: true };
    const own = withUnobserved(this.name, this.accounts, end as CodeEnd);
    return own.kind === 'returned' ? own : { ...own, cut: false };
  }

  /** What the code gives, with the futures in it resolved. */
  async #valueOf(code: Code): Promise<unknown> {
    const value = await code({ id: this.id, name: transactionName(this.id) });
    const resolved = resolveReturned(value);
    return this.accounts.busy ? this.#scope.waiting(resolved) : resolved;
  }

  /** It ended well: commits, unless the transaction around it decides. */
  async #commit(): Promise<void> {
    if (this.membership === undefined) return;
    if (this.membership.within.length > 0) {
      await this.#unlessAbandoned(async () => ({
        joined: await this.#transactions.log.join(this.id),
      }));
      return;
    }
    const done = await this.#unlessAbandoned(async () => ({
      failure: await this.#transactions.commit(this.id),
    }));
    if (done.failure !== undefined) await this.#fail(done.failure, false);
  }

  /** It failed: undoes what was done in it. */
  async #fail(error: unknown, cut: boolean): Promise<never> {
    const decision = this.#transactions.log.decisions.get(this.id);
    if (this.membership === undefined || decision?.kind === 'committed') throw error;
    const { runs } = await this.#unlessAbandoned(() =>
      this.#transactions.rollBack([this.id], error, cut),
    );
    const own = runs.filter(({ parentId }) => parentId === this.#scope.run.id);
    this.#undoneRuns = own.length;
    // Under its key it is another call from now on: one that executes it again.
    for (const { name, key } of own) this.#scope.forgetKey(name, key as string);
    const hooks = this.#transactions.log.failedRollbacks(this.id);
    throw hooks.length === 0 ? error : rollbackFailed(transactionName(this.id), error, hooks);
  }

  /** A call in its code was refused: after its end, another call finds what there is under its key. */
  noteRefused(name: string, key: string, known: Run | undefined): void {
    this.#refused.push({ name, key, known });
  }

  #forgetRefused(): void {
    for (const { name, key, known } of this.#refused) {
      this.#scope.forgetKey(name, key);
      if (known !== undefined) this.#scope.execution.remembered.note(known);
    }
  }

  /** Goes on with a rollback that an earlier process began. Its code goes the way it went, so that what follows it does, too. */
  async #follow(code: Code, error: Error): Promise<unknown> {
    const decision = this.#transactions.log.decisions.get(this.id);
    if (decision?.kind === 'rolled-back') {
      if (!decision.cut) await this.#end(code);
      this.#over = true;
      this.#forgetRefused();
      return this.#fail(error, decision.cut);
    }
    const end = await this.#end(code);
    this.#forgetRefused();
    if (end.kind === 'threw') throw end.error;
    return end.value;
  }

  /** Does what is no code of the run; throws where the run is interrupted before that is done. */
  async #unlessAbandoned<T>(work: () => Promise<T>): Promise<T> {
    const { execution, definition } = this.#scope;
    const done =
      execution.abandoned === undefined
        ? await this.accounts.workOn(
            execution.withinGrace(work().catch(ifAbandoned(execution)), definition.grace),
          )
        : undefined;
    if (done !== undefined) return done;
    // Whatever the code makes of this error is no outcome: the transaction goes on after the recovery.
    this.#scope.noteInterrupted();
    throw execution.abandoned ?? engineStopped();
  }
}

/** Interrupted on the way: that is no failure of its own. */
function ifAbandoned(execution: Execution): (error: unknown) => undefined {
  return (error) => {
    if (error !== execution.abandoned) throw error;
    return undefined;
  };
}
