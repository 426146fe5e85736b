import type { Definition } from '../../definition/definition.ts';
import type { RunId } from '../../model/ids.ts';
import type { HookName, PendingHook, Run } from '../../model/run.ts';
import { transactionName, type Membership } from '../../model/transaction.ts';
import type { Secret } from '../../secret/secret.ts';
import type { Execution } from '../execution.ts';
import type { HookEnd } from '../hook-delivery.ts';
import { secretValue } from '../secret-value.ts';

const HOOKS: ReadonlySet<HookName> = new Set<HookName>(['onCommit', 'onRollback']);

/** Whether a hook is called when a transaction is committed or rolled back, and at no other time. */
export function isTransactionHook(hook: HookName): boolean {
  return HOOKS.has(hook);
}

/** A run that has done something in a transaction, and whose hooks wait for what becomes of that. */
interface DueRun {
  readonly kind: Run['kind'];
  readonly name: string;
  readonly generation: number;
  readonly transaction: Membership;
  /** As it was called; undefined where only an earlier process knows. */
  readonly definition: Definition | undefined;
  /** How many of its hooks are due. */
  readonly hooks: number;
}

/** A hook that waits for what becomes of a transaction. */
export interface DueHook {
  readonly due: PendingHook;
  readonly name: string;
  readonly transaction: Membership;
}

/** How the call of a due hook ended. `unknown`: this engine knows no definition that has it; it stays due. */
export type DueEnd = HookEnd | { readonly kind: 'unknown' };

/** The runs below a root whose commit or rollback hooks are due. What the hooks are about stays in the store until they are called. */
export class DueRuns {
  readonly #execution: Execution;
  readonly #runs = new Map<RunId, DueRun>();

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  /** Notes that a hook of a run is due. */
  note({ id, kind, name, generation, transaction }: Run, definition?: Definition): void {
    if (transaction === undefined) return;
    const known = this.#runs.get(id);
    const hooks = known?.generation === generation ? known.hooks + 1 : 1;
    this.#runs.set(id, { kind, name, generation, transaction, definition, hooks });
  }

  /** Whether a hook of a run is due. */
  has(id: RunId): boolean {
    return this.#runs.has(id);
  }

  /** The code has called the run again: so its definition is known. */
  noteCalled(id: RunId, definition: Definition): void {
    const run = this.#runs.get(id);
    if (run?.definition === undefined && run !== undefined)
      this.#runs.set(id, { ...run, definition });
  }

  /** The due hooks of runs that belong there, in the order in which the runs have completed. */
  async hooks(
    belongs: (transaction: Membership, runId: RunId) => boolean,
  ): Promise<readonly DueHook[]> {
    if (![...this.#runs].some(([id, { transaction }]) => belongs(transaction, id))) return [];
    const { engine, rootId } = this.#execution;
    const pending = await engine.store.pendingHooks(rootId);
    return pending.flatMap((due) => {
      const run = isTransactionHook(due.hook) ? this.#runs.get(due.runId) : undefined;
      if (run === undefined || !belongs(run.transaction, due.runId)) return [];
      return [{ due, name: run.name, transaction: run.transaction }];
    });
  }

  /** Calls a due hook; it stays on the list. */
  async call({ due, transaction }: DueHook, more: object = {}): Promise<DueEnd> {
    const { engine } = this.#execution;
    const run = this.#runs.get(due.runId);
    const definition = run?.definition ?? (run && engine.definitions.get(run.kind, run.name));
    if (run === undefined || definition?.hooks[due.hook] === undefined) return { kind: 'unknown' };
    const info = {
      transaction: { id: transaction.id, name: transactionName(transaction.id) },
      resource: (name: string) => engine.resources.resource(name),
      secret: (secret: Secret) => secretValue(engine, secret),
    };
    return engine.hooks.call(definition, due, { ...info, ...more });
  }

  /** The hooks were called, or need no call any more. */
  async settled(hooks: readonly DueHook[]): Promise<void> {
    await this.#execution.engine.hooks.delivered(...hooks.map(({ due }) => due.id));
    for (const { due } of hooks) {
      const run = this.#runs.get(due.runId);
      if (run === undefined || run.hooks < 2) this.#runs.delete(due.runId);
      else this.#runs.set(due.runId, { ...run, hooks: run.hooks - 1 });
    }
  }
}
