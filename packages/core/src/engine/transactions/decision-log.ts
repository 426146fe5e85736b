import type { Failure } from '../../model/failure.ts';
import type { JsonValue } from '../../model/json.ts';
import type { RunId } from '../../model/ids.ts';
import type { RecordedValue } from '../../model/run.ts';
import { transactionParts, type TransactionId } from '../../model/transaction.ts';
import type { Decision } from '../../rules/transaction-decision.ts';
import type { Durability } from '../../store/run-store.ts';
import type { Execution } from '../execution.ts';

const DECIDED = 'transaction:';
const JOINED = 'transaction-joined:';
const HOOK_FAILED = 'rollback-failed:';

/** A rollback hook that threw, as it is kept. */
export interface FailedRollback {
  readonly runId: RunId;
  /** The definition's name. */
  readonly name: string;
  readonly error: Failure;
}

/** What was decided of the transactions below a root, and which of their rollback hooks threw: as it is recorded. */
export class DecisionLog {
  readonly #execution: Execution;
  readonly #decisions = new Map<TransactionId, Decision>();
  readonly #joined = new Set<TransactionId>();
  readonly #failed = new Map<TransactionId, FailedRollback[]>();

  constructor(execution: Execution) {
    this.#execution = execution;
  }

  get decisions(): ReadonlyMap<TransactionId, Decision> {
    return this.#decisions;
  }

  /** Whether a transaction has ended well, and is decided with the one around it. */
  hasJoined(id: TransactionId): boolean {
    return this.#joined.has(id);
  }

  /** Notes that a transaction has ended well, and is decided with the one around it. Outlives the process. */
  async join(id: TransactionId): Promise<void> {
    if (this.#joined.has(id)) return;
    const { path } = transactionParts(id);
    await this.#record(id, `${JOINED}${path}`, true, 'process');
    this.#joined.add(id);
  }

  /** Rollback hooks that threw when a transaction was rolled back, in this process or an earlier one. */
  failedRollbacks(id: TransactionId): readonly FailedRollback[] {
    return this.#failed.get(id) ?? [];
  }

  /** Takes over what earlier processes recorded. */
  load(recorded: readonly RecordedValue[]): void {
    for (const { runId, scope, slot, value } of recorded) {
      const id = (path: string): TransactionId => `${runId}/${scope}/${path}`;
      if (slot.startsWith(DECIDED)) {
        this.#decisions.set(id(slot.slice(DECIDED.length)), value as unknown as Decision);
      } else if (slot.startsWith(JOINED)) {
        this.#joined.add(id(slot.slice(JOINED.length)));
      } else if (slot.startsWith(HOOK_FAILED)) {
        const { path, ...failed } = value as unknown as FailedRollback & { path: string };
        this.#noteFailed(id(path), failed);
      }
    }
  }

  /** Decides; once, for good. Resolves when that is on the disk. */
  async decide(id: TransactionId, decision: Decision): Promise<void> {
    const { path } = transactionParts(id);
    await this.#record(id, `${DECIDED}${path}`, decision as unknown as JsonValue);
    this.#decisions.set(id, decision);
  }

  /** Notes that a rollback hook threw. */
  async rollbackFailed(id: TransactionId, failed: FailedRollback): Promise<void> {
    const { path } = transactionParts(id);
    const value = { ...failed, path } as unknown as JsonValue;
    await this.#record(id, `${HOOK_FAILED}${failed.runId}`, value);
    this.#noteFailed(id, failed);
  }

  #noteFailed(id: TransactionId, failed: FailedRollback): void {
    const list = this.#failed.get(id) ?? [];
    // Called again after a crash, it may have thrown again: the first time is the one that is kept.
    if (list.some(({ runId }) => runId === failed.runId)) return;
    this.#failed.set(id, [...list, failed]);
  }

  async #record(
    id: TransactionId,
    slot: string,
    value: JsonValue,
    durability: Durability = 'machine',
  ): Promise<void> {
    const { runId, scope } = transactionParts(id);
    const recorded = { runId, rootId: this.#execution.rootId, scope, slot, value };
    let outcome;
    try {
      outcome = await this.#execution.fenced(
        (fence) => ({ kind: 'record', value: recorded, fence }),
        durability,
      );
    } catch (error) {
      throw this.#execution.halt(error as Error);
    }
    if (!outcome.ok) throw this.#execution.lose();
  }
}
