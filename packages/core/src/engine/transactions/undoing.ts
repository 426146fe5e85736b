import type { RunId } from '../../model/ids.ts';
import type { Run } from '../../model/run.ts';
import { fromFailure, toFailure } from '../../serial/failure-codec.ts';
import type { Membership, TransactionId } from '../../model/transaction.ts';
import { decidedFor, type Decided } from '../../rules/transaction-decision.ts';
import { rollbackOrder } from '../../rules/transaction-order.ts';
import type { Execution } from '../execution.ts';
import type { HookLeft } from '../flow-handle.ts';
import { RunHandle } from '../run-handle.ts';
import type { DecisionLog } from './decision-log.ts';
import type { DueHook, DueRuns } from './due-runs.ts';

/** So many records that need no hook are written at once. */
const AT_ONCE = 100;

/** What was undone of the work of transactions. */
export interface Undone {
  /** The runs whose work counts as undone, also those of which an earlier process had undone it. */
  readonly runs: readonly Run[];
  /** The transactions of which something was undone just now. */
  readonly touched: ReadonlySet<TransactionId>;
  /** Hooks that stay due, since this engine knows no definition that has them. */
  readonly left: readonly HookLeft[];
}

type RolledBack = Decided & { readonly decision: { readonly kind: 'rolled-back' } };

/** Undoes what was done in transactions that are rolled back: one hook after the other, and each run is marked once its hook was called. */
export class Undoing {
  readonly #execution: Execution;
  readonly #log: DecisionLog;
  readonly #due: DueRuns;
  readonly #left: HookLeft[] = [];
  readonly #touched = new Set<TransactionId>();

  constructor(execution: Execution, log: DecisionLog, due: DueRuns) {
    this.#execution = execution;
    this.#log = log;
    this.#due = due;
  }

  /** Undoes what is left of the work of these transactions, in order. A hook that throws is noted, and stops no other. */
  async undo(transactions: ReadonlySet<TransactionId>): Promise<Undone> {
    const belongs = (transaction: Membership): boolean => {
      const decided = decidedFor(transaction, this.#log.decisions);
      return decided?.decision.kind === 'rolled-back' && transactions.has(decided.by);
    };
    const below = await this.#execution.engine.store.below(this.#execution.rootId);
    const runs = new Map<RunId, Run>(
      below.filter((run) => didSomething(run, belongs)).map((run) => [run.id, run]),
    );
    const hooks = await this.#due.hooks(belongs);
    for (const hook of rollbackOrder(hooks.filter(({ due }) => due.hook === 'onRollback'))) {
      const run = runs.get(hook.due.runId);
      if (run !== undefined) runs.set(run.id, await this.#undoRun(run, hook, hooks));
    }
    await this.#markRest(runs, new Set(this.#left.map(({ runId }) => runId)), hooks);
    this.#remember(below, runs);
    return { runs: [...runs.values()], touched: this.#touched, left: this.#left };
  }

  /** Gives the record as it is then: unmarked where its hook stays due. */
  async #undoRun(run: Run, hook: DueHook, all: readonly DueHook[]): Promise<Run> {
    const { abandoned } = this.#execution;
    if (abandoned !== undefined) throw abandoned;
    if (run.rolledBackAt === undefined && !(await this.#called(hook))) {
      this.#left.push({ runId: run.id, name: run.name, hook: 'onRollback' });
      return run;
    }
    const marked = await this.#mark(run);
    await this.#due.settled(all.filter(({ due }) => due.runId === run.id));
    return marked;
  }

  async #called(hook: DueHook): Promise<boolean> {
    const { by, decision } = decidedFor(hook.transaction, this.#log.decisions) as RolledBack;
    const end = await this.#due.call(hook, { error: fromFailure(decision.error) });
    if (end.kind === 'threw') {
      const error = toFailure(end.error, this.#execution.engine.scrubber.scrub);
      const { name, due } = hook;
      await this.#log.rollbackFailed(by, { runId: due.runId, name, error });
    }
    return end.kind === 'returned' || end.kind === 'threw';
  }

  /** What has no rollback hook is marked all the same: it was done together with the rest, and is done again with it. */
  async #markRest(
    runs: Map<RunId, Run>,
    left: ReadonlySet<RunId>,
    hooks: readonly DueHook[],
  ): Promise<void> {
    const rest = [...runs.values()].filter(
      ({ id, rolledBackAt }) => rolledBackAt === undefined && !left.has(id),
    );
    for (let from = 0; from < rest.length; from += AT_ONCE) {
      const marked = await Promise.all(
        rest.slice(from, from + AT_ONCE).map((run) => this.#mark(run)),
      );
      for (const run of marked) runs.set(run.id, run);
    }
    const ids = new Set(rest.map(({ id }) => id));
    await this.#due.settled(hooks.filter(({ due }) => ids.has(due.runId)));
  }

  /** Who calls what was undone again executes it again: for that, what is below it has to be known. Parents come first. */
  #remember(below: readonly Run[], undone: ReadonlyMap<RunId, Run>): void {
    const noted = new Set<RunId | undefined>();
    for (const run of below) {
      if (!undone.has(run.id) && !noted.has(run.parentId)) continue;
      this.#execution.remembered.note(undone.get(run.id) ?? run);
      noted.add(run.id);
    }
  }

  async #mark(run: Run): Promise<Run> {
    if (run.rolledBackAt !== undefined) return run;
    const handle = RunHandle.read(this.#execution, run);
    await handle.undone();
    const decided = run.transaction && decidedFor(run.transaction, this.#log.decisions);
    if (decided !== undefined) this.#touched.add(decided.by);
    this.#execution.engine.events.emit('rolled-back', { run: handle.run });
    return handle.run;
  }
}

/** Only what was executed has done something: a cached result is the work of another run. */
function didSomething(run: Run, belongs: (transaction: Membership) => boolean): boolean {
  return (
    run.transaction !== undefined && run.state.name === 'Completed' && belongs(run.transaction)
  );
}
