import type { Definition } from '../../definition/definition.ts';
import { nameReused } from '../../errors/errors.ts';
import type { RunId } from '../../model/ids.ts';
import type { RecordedValue, Run } from '../../model/run.ts';
import { isTerminal } from '../../model/state.ts';
import {
  transactionName,
  transactionParts,
  transactionsOf,
  type Membership,
  type TransactionId,
} from '../../model/transaction.ts';
import { decidedFor } from '../../rules/transaction-decision.ts';
import { commitOrder } from '../../rules/transaction-order.ts';
import { toFailure } from '../../serial/failure-codec.ts';
import type { Execution } from '../execution.ts';
import type { HookLeft } from '../flow-handle.ts';
import { failureOf } from '../outcomes.ts';
import { AfterCommit } from './after-commit.ts';
import { DecisionLog } from './decision-log.ts';
import { DueRuns } from './due-runs.ts';
import {
  commitFailed,
  rollbackLeft,
  runSuperseded,
  transactionLeft,
} from './transaction-errors.ts';
import { Undoing, type Undone } from './undoing.ts';

/** The transactions below a root: what was decided of them, and what is due because of that. */
export class Transactions {
  readonly #execution: Execution;
  readonly log: DecisionLog;
  readonly due: DueRuns;
  readonly afterCommit = new AfterCommit();
  /** Those that code of this process has opened. */
  readonly #opened = new Set<TransactionId>();
  /** Definitions of which it was told that their commit hook is not called. */
  readonly #without = new Set<string>();
  /** Those that an earlier process has opened, by what was done in them. */
  readonly #earlier = new Map<TransactionId, Membership>();
  /** The runs whose code has opened those. */
  readonly #owners = new Set<RunId>();
  /** Those that are rolled back, and of whose work something may be left. */
  readonly #undoing = new Set<TransactionId>();

  constructor(execution: Execution) {
    this.#execution = execution;
    this.log = new DecisionLog(execution);
    this.due = new DueRuns(execution);
  }

  /** Takes over what earlier processes have left. */
  load(runs: readonly Run[], recorded: readonly RecordedValue[]): void {
    this.log.load(recorded);
    for (const [id, { kind }] of this.log.decisions) {
      if (kind === 'rolled-back') this.#undoing.add(id);
    }
    for (const { transaction } of runs) {
      if (transaction === undefined) continue;
      this.#earlier.set(transaction.id, transaction);
      for (const id of transactionsOf(transaction)) this.#owners.add(transactionParts(id).runId);
    }
  }

  /**
   * Code opens a transaction.
   *
   * @throws `NAME_REUSED` when the same code has opened another one under its name
   */
  open(id: TransactionId, flow: string): void {
    if (this.#opened.has(id)) throw nameReused('transaction', transactionName(id), flow);
    this.#opened.add(id);
  }

  /** Something that has a commit hook is called outside of a transaction: an option that did nothing would be a trap. */
  calledWithout({ kind, name, hooks }: Definition, runId: RunId): void {
    if (hooks.onCommit === undefined || this.#without.has(name)) return;
    this.#without.add(name);
    this.#execution.engine.events.emit('warning', {
      code: 'NO_TRANSACTION',
      message: `The ${kind} '${name}' has a commit hook and was called outside of a transaction: the hook is not called.`,
      runId,
    });
  }

  /**
   * Calls the commit hooks of what was done in a transaction, and records that it is committed.
   *
   * @returns the failure of a hook: nothing more was called then, and nothing is decided
   */
  async commit(id: TransactionId): Promise<Error | undefined> {
    const { decisions } = this.log;
    const open = (of: Membership): boolean =>
      transactionsOf(of).includes(id) && decidedFor(of, decisions)?.decision.kind !== 'rolled-back';
    const hooks = await this.due.hooks(open);
    for (const hook of commitOrder(hooks.filter(({ due }) => due.hook === 'onCommit'))) {
      if (this.#execution.abandoned !== undefined) throw this.#execution.abandoned;
      const end = await this.due.call(hook);
      if (end.kind === 'threw') return commitFailed(transactionName(id), hook.name, end.error);
      if (end.kind === 'returned') await this.due.settled([hook]);
    }
    if (!decisions.has(id)) await this.log.decide(id, { kind: 'committed' });
    await this.due.settled(hooks.filter(({ due }) => due.hook === 'onRollback'));
    this.#tell(id, 'committed');
    return undefined;
  }

  /**
   * Decides that transactions are rolled back, where nothing is decided yet, and undoes what is left of their work.
   *
   * @param cut whether their code was told to stop from outside
   */
  async rollBack(ids: readonly TransactionId[], error: unknown, cut: boolean): Promise<Undone> {
    await this.#decideRollback(ids, error, cut);
    const undone = await this.#undo(new Set(ids));
    for (const id of ids) this.#tell(id, 'rolled-back');
    return undone;
  }

  async #decideRollback(
    ids: readonly TransactionId[],
    error: unknown,
    cut: boolean,
  ): Promise<void> {
    const { scrub } = this.#execution.engine.scrubber;
    for (const id of ids) {
      if (this.log.decisions.has(id)) continue;
      this.#undoing.add(id);
      await this.log.decide(id, { kind: 'rolled-back', error: toFailure(error, scrub), cut });
    }
  }

  async #undo(ids: ReadonlySet<TransactionId>): Promise<Undone> {
    const undone = await new Undoing(this.#execution, this.log, this.due).undo(ids);
    if (undone.left.length === 0) for (const id of ids) this.#undoing.delete(id);
    return undone;
  }

  #tell(id: TransactionId, outcome: 'committed' | 'rolled-back'): void {
    const { engine, rootId } = this.#execution;
    const { runId } = transactionParts(id);
    const name = transactionName(id);
    engine.events.emit('transaction', { id, name, runId, rootId, outcome });
    const failed = this.log.failedRollbacks(id);
    this.afterCommit.decided(id, this.log.decisions);
    if (outcome === 'committed' || failed.length === 0) return;
    const names = failed.map((each) => each.name).join(', ');
    engine.events.emit('warning', {
      code: 'ROLLBACK_FAILED',
      message: `The transaction '${name}' was rolled back, but rollback hooks threw: ${names}.`,
      runId,
    });
  }

  /** Undecided transactions of an earlier process, the outermost of each that belongs there. */
  #undecided(belongs: (id: TransactionId) => boolean): TransactionId[] {
    const found = new Set<TransactionId>();
    for (const membership of this.#earlier.values()) {
      if (decidedFor(membership, this.log.decisions) !== undefined) continue;
      const outermost = transactionsOf(membership).find(belongs);
      if (outermost !== undefined) found.add(outermost);
    }
    return [...found];
  }

  /**
   * A run has ended, or is about to: what its code had opened in an earlier process, and neither brought to an end nor
   * opened again in this one, is rolled back.
   *
   * @param error why it ends; absent where its code went another way
   */
  async rollBackLeftBy({ id, name }: Run, error?: Error): Promise<void> {
    if (!this.#owners.has(id)) return;
    const isLeft = (of: TransactionId): boolean =>
      transactionParts(of).runId === id && !this.#opened.has(of) && !this.log.hasJoined(of);
    const open = this.#undecided(isLeft);
    const left = [...open, ...[...this.#undoing].filter(isLeft)];
    if (left.length === 0) return;
    if (error === undefined && open.length > 0) {
      const { code, message } = transactionLeft(name);
      this.#execution.engine.events.emit('warning', { code, message, runId: id });
    }
    await this.rollBack(left, error ?? transactionLeft(name), true);
  }

  /** Whether something of a run may have to be undone before it is called again: of its own work, or of what it has left open. */
  isUndoneFirst({ id, transaction, state }: Run): boolean {
    if (this.#owners.has(id) && state.type !== 'COMPLETED') return true;
    if (transaction === undefined) return false;
    return decidedFor(transaction, this.log.decisions)?.decision.kind === 'rolled-back';
  }

  /**
   * The record of a run that is called again. Where its transaction was rolled back and its hook stayed due, because
   * nobody knew its definition, it is undone first.
   *
   * @throws `ROLLBACK_LEFT` when the definition has no hook that would undo it
   */
  async undoneIfDue(run: Run, definition: Definition): Promise<Run> {
    const { transaction, state, rolledBackAt } = run;
    if (transaction === undefined || !isTerminal(state)) return run;
    this.due.noteCalled(run.id, definition);
    const decided = decidedFor(transaction, this.log.decisions);
    if (decided?.decision.kind !== 'rolled-back' || rolledBackAt !== undefined) return run;
    if (state.name !== 'Completed') return run;
    const { runs } = await this.#undo(new Set([decided.by]));
    const undone = runs.find(({ id }) => id === run.id);
    if (undone?.rolledBackAt === undefined) throw rollbackLeft(run.name);
    return undone;
  }

  /**
   * A run is executed again although its transaction is open: its result no longer counts, or what it took as input was
   * made anew. What it did is undone first; nothing of it is committed.
   *
   * @throws `ROLLBACK_LEFT` when the definition has no hook that would undo it
   */
  async superseded(run: Run): Promise<void> {
    const hooks = await this.due.hooks((_, runId) => runId === run.id);
    const rollback = hooks.find(({ due }) => due.hook === 'onRollback');
    const error = runSuperseded(run.name);
    const end = rollback === undefined ? undefined : await this.due.call(rollback, { error });
    if (end?.kind === 'unknown' || end?.kind === 'untold') throw rollbackLeft(run.name);
    await this.due.settled(hooks);
  }

  /**
   * The root has ended, or is about to: rolls back what is still open of it, and does what is left to do of what was
   * decided.
   *
   * @param error why it ends; absent where its record tells
   * @returns hooks that stay due, since this engine knows no definition that has them
   */
  async settle(root: Run, error?: Error): Promise<readonly HookLeft[]> {
    if (this.#execution.abandoned !== undefined) return [];
    const open = this.#undecided(() => true);
    await this.#decideRollback(open, error ?? whyEnded(root), true);
    const left = [...(await this.#settleRolledBack()), ...(await this.#settleCommitted())];
    for (const { runId, name, hook } of left) {
      this.#execution.engine.events.emit('warning', {
        code: 'HOOK_LEFT',
        message: `The hook ${hook} of '${name}' is due, and this engine knows no definition that has it.`,
        runId,
      });
    }
    return left;
  }

  async #settleRolledBack(): Promise<readonly HookLeft[]> {
    if (this.#undoing.size === 0) return [];
    const { touched, left } = await this.#undo(new Set(this.#undoing));
    for (const id of touched) this.#tell(id, 'rolled-back');
    return left;
  }

  /** Commit hooks that are still due of what is committed: a failure of theirs changes nothing any more, but is told. */
  async #settleCommitted(): Promise<readonly HookLeft[]> {
    const { decisions } = this.log;
    const hooks = await this.due.hooks(
      (of) => decidedFor(of, decisions)?.decision.kind === 'committed',
    );
    const left: HookLeft[] = [];
    for (const hook of commitOrder(hooks)) {
      const { runId } = hook.due;
      const end = hook.due.hook === 'onCommit' ? await this.due.call(hook) : undefined;
      if (end?.kind === 'unknown' || end?.kind === 'untold') {
        left.push({ runId, name: hook.name, hook: 'onCommit' });
      } else await this.due.settled([hook]);
    }
    return left;
  }
}

/** Why what a run has left open is rolled back. */
function whyEnded({ state, name }: Run): Error {
  const failed = isTerminal(state) && state.type !== 'COMPLETED';
  return failed ? failureOf(state, name).error : transactionLeft(name);
}
