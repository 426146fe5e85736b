import { sleep, type Clock } from '../clock/clock.ts';
import type { Definition } from '../definition/definition.ts';
import { cancelled, leaseLost } from '../errors/errors.ts';
import type { RunId } from '../model/ids.ts';
import type { JsonValue } from '../model/json.ts';
import type { HistoryEntry, PendingHook, RecordedValue, Run } from '../model/run.ts';
import type { Resumption } from '../policies/resume.ts';
import type { Durability, Fence, Write, WriteOutcome } from '../store/run-store.ts';
import { Cancellation } from './cancellation.ts';
import type { EngineCore } from './engine-core.ts';
import { HookQueue } from './hook-queue.ts';
import { RunLog } from './notes/run-log.ts';
import { RememberedRuns } from './remembered.ts';
import { isTransactionHook } from './transactions/due-runs.ts';
import { Transactions } from './transactions/transactions.ts';
import type { Parking } from './waiting/parking.ts';
import type { Writer } from './writer.ts';

/**
 * What this engine executes under one lease, while it does: its memory, its end. A top-level flow run, or a task run that
 * was claimed from a queue.
 */
export class Execution {
  readonly engine: EngineCore;
  readonly rootId: RunId;
  /** The lease at present: another one after a pause over which it was given back. */
  fence: Fence;
  /** The runs that an earlier process has left, until their tasks were asked whether their results still count. */
  readonly inherited = new Set<RunId>();
  /** What is known of the run where it was taken up again. */
  resumption: Resumption | undefined;
  /** Set with the first pause of the top-level run. */
  parking: Parking | undefined;
  readonly cancellation = new Cancellation();
  /** What an earlier process or try left below the root. */
  readonly remembered = new RememberedRuns();
  readonly hooks: HookQueue;
  #transactions: Transactions | undefined;
  readonly #recorded = new Map<string, RecordedValue>();
  /** Resolves when the engine begins to interrupt what it executes. */
  readonly stopRequested: Promise<void>;
  /** The trace that the run is part of, where that was said at its start. */
  traceparent: string | undefined;
  #noteStop = (): void => undefined;
  #log: RunLog | undefined;
  #halted: Error | undefined;
  #stopped: Error | undefined;
  #leaving: Error | undefined;

  constructor(engine: EngineCore, fence: Fence) {
    this.engine = engine;
    this.rootId = fence.rootId;
    this.fence = fence;
    this.hooks = new HookQueue(engine);
    this.stopRequested = new Promise((resolve) => {
      this.#noteStop = resolve;
    });
  }

  /** The lines of the run and of everything below it. */
  get log(): RunLog {
    this.#log ??= new RunLog(this.engine);
    return this.#log;
  }

  /** The transactions below the root. */
  get transactions(): Transactions {
    this.#transactions ??= new Transactions(this);
    return this.#transactions;
  }

  /** Whether there are any: what there never was is never made. */
  get hasTransactions(): boolean {
    return this.#transactions !== undefined;
  }

  get clock(): Clock {
    return this.engine.clock;
  }

  get writer(): Writer {
    return this.engine.writer;
  }

  /**
   * Takes over what the store knows of the runs below it, when an execution takes up what another began.
   *
   * @param ours those whose transactions are for it to bring to an end
   */
  remember(runs: readonly Run[], recorded: readonly RecordedValue[], ours = runs): void {
    for (const run of runs) {
      this.remembered.note(run);
      this.inherited.add(run.id);
    }
    if (ours.some(({ transaction }) => transaction !== undefined)) {
      this.transactions.load(ours, recorded);
    }
    for (const value of recorded) {
      this.#recorded.set(`${value.runId}|${value.scope}|${value.slot}`, value);
    }
  }

  /** Reads anew what is below a run, before a try of it that will look for what the one before has left. */
  async reload(runId: RunId): Promise<void> {
    const below = new Set([runId]);
    for (const run of await this.engine.store.below(this.rootId)) {
      if (run.parentId === undefined || !below.has(run.parentId)) continue;
      below.add(run.id);
      this.remembered.note(run);
    }
  }

  /** A value that was recorded for a slot, or the one made now, which is recorded. */
  recordedValue<T extends JsonValue>(runId: RunId, scope: string, slot: string, make: () => T): T {
    const known = this.recall(runId, scope, slot);
    if (known !== undefined) return known as T;
    const value = { runId, rootId: this.rootId, scope, slot, value: make() };
    // Whatever depends on the value is written later, hence committed later.
    this.fenced((fence) => ({ kind: 'record', value, fence }), 'process').then(
      (outcome) => outcome.ok || this.lose(),
      (error: unknown) => this.halt(error as Error),
    );
    return value.value;
  }

  /** A value that an earlier process recorded for a slot. */
  recall(runId: RunId, scope: string, slot: string): RecordedValue['value'] | undefined {
    return this.#recorded.get(`${runId}|${scope}|${slot}`)?.value;
  }

  /**
   * Writes something under the lease: at once, or, where it was given back for a pause, when it was taken again.
   *
   * @throws `LEASE_LOST`, and what the store throws
   */
  async fenced(write: (fence: Fence) => Write, durability: Durability): Promise<WriteOutcome> {
    if (this.parking?.away === true) await this.parking.comeBack();
    return this.writer.write(write(this.fence), durability);
  }

  /** Tells what was committed: events, then hooks. Called by the run's handle alone. */
  published(
    run: Run,
    definition: Definition | undefined,
    history: readonly HistoryEntry[],
    hooks: readonly PendingHook[],
  ): void {
    for (const entry of history) this.engine.events.emit('state', { run, state: entry.state });
    for (const due of hooks) {
      if (isTransactionHook(due.hook)) this.transactions.due.note(run, definition);
      else this.hooks.deliver({ due, run, definition });
    }
  }

  /**
   * Nothing more may be written: the lease is lost, or the store refused a write, so that what it holds is no longer
   * what this process believes. What is under way is aborted, and the run is left to a recovery.
   *
   * @returns the first reason
   */
  halt(error: Error): Error {
    this.#halted ??= error;
    this.cancellation.abort(this.#halted);
    return this.#halted;
  }

  /** Another holder has the lease. Returns the error that says so. */
  lose(): Error {
    return this.halt(leaseLost(this.rootId));
  }

  /** The engine is being stopped: what is under way is interrupted, and goes on elsewhere. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
    this.#noteStop();
    this.cancellation.abort(reason);
  }

  /**
   * The engine is about to be stopped: what is under way may end, and what is paused, or will be, is left to a later
   * process.
   */
  stopOncePaused(reason: Error): void {
    this.#leaving = reason;
    if (this.parking?.away === true) this.stop(reason);
  }

  /** The top-level run is paused, and its lease given back. */
  paused(): void {
    if (this.#leaving !== undefined) this.stop(this.#leaving);
  }

  /**
   * Waits for work that is no code of the run; once the engine is being stopped, no longer than a grace.
   *
   * @returns undefined where the work is not done
   */
  async withinGrace<T>(work: Promise<T>, grace: number): Promise<T | undefined> {
    const waited = new AbortController();
    const graceOver = this.stopRequested
      .then(() => sleep(this.clock, grace, waited.signal))
      .then(() => undefined)
      .catch(() => undefined);
    try {
      return await Promise.race([work, graceOver]);
    } finally {
      waited.abort();
    }
  }

  /** Somebody asked for the whole run to stop. */
  cancel(reason: string): void {
    this.cancellation.abort(cancelled('The run', reason));
  }

  /** Set once nothing more may be written. */
  get halted(): Error | undefined {
    return this.#halted;
  }

  /** Set once the engine is being stopped. */
  get stopped(): Error | undefined {
    return this.#stopped;
  }

  /** Why this process does not bring the run to its end; undefined while it does. */
  get abandoned(): Error | undefined {
    return this.#halted ?? this.#stopped;
  }
}
