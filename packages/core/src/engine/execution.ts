import type { Clock } from '../clock/clock.ts';
import { cancelled, leaseLost } from '../errors/errors.ts';
import type { RunId } from '../model/ids.ts';
import type { HistoryEntry, HookName, PendingHook, RecordedValue, Run } from '../model/run.ts';
import type { Fence } from '../store/run-store.ts';
import { Cancellation } from './cancellation.ts';
import type { EngineCore } from './engine-core.ts';
import type { Writer } from './writer.ts';

/** What a recovery read from the store, when an execution takes up a run that another began. */
export interface Remembered {
  readonly runs: readonly Run[];
  readonly recorded: readonly RecordedValue[];
}

/** A top-level flow run while this engine executes it: its lease, its memory, its end. */
export class Execution {
  readonly engine: EngineCore;
  readonly rootId: RunId;
  readonly fence: Fence;
  readonly cancellation = new Cancellation();
  /** Runs below the root that an earlier process or try left, by parent, name and key. */
  readonly #remembered = new Map<string, Run>();
  readonly #recorded = new Map<string, RecordedValue>();
  readonly #hooks = new Set<Promise<void>>();
  readonly #reached = new Set<RunId>();
  #lost: Error | undefined;
  #stopped: Error | undefined;

  constructor(engine: EngineCore, fence: Fence) {
    this.engine = engine;
    this.rootId = fence.rootId;
    this.fence = fence;
  }

  get clock(): Clock {
    return this.engine.clock;
  }

  get writer(): Writer {
    return this.engine.writer;
  }

  /** Takes over what the store knows of the runs below the root. */
  remember(remembered: Remembered): void {
    for (const run of remembered.runs) this.noteRun(run);
    for (const value of remembered.recorded) {
      this.#recorded.set(`${value.runId}|${value.scope}|${value.slot}`, value);
    }
  }

  /** Reads anew what is below the root, before a try that may look for what an earlier one left. */
  async reload(): Promise<void> {
    if (this.#lost !== undefined || this.#stopped !== undefined) return;
    for (const run of await this.engine.store.below(this.rootId)) this.noteRun(run);
  }

  /** Notes the present record of a run, for later lookups by identity. */
  noteRun(run: Run): void {
    if (run.parentId === undefined || run.key === undefined) return;
    this.#remembered.set(identityOf(run.parentId, run.name, run.key), run);
  }

  /**
   * A run below the root has ended. It is kept for lookups if a later try of its parent may look for it
   * under the same identity; all others are dropped from memory, and read again when a try needs them.
   */
  noteEnded(run: Run, byKey: boolean): void {
    const known =
      run.parentId !== undefined &&
      run.key !== undefined &&
      this.#remembered.has(identityOf(run.parentId, run.name, run.key));
    if (!known && !byKey) return;
    this.noteRun(run);
    this.#reached.add(run.id);
  }

  /** The run with this identity, if an earlier try or process left one. */
  recall(parentId: RunId, name: string, key: string): Run | undefined {
    const run = this.#remembered.get(identityOf(parentId, name, key));
    if (run !== undefined) this.#reached.add(run.id);
    return run;
  }

  /** Remembered runs under a parent that its code did not reach. */
  unreached(parentId: RunId): Run[] {
    return [...this.#remembered.values()].filter(
      (run) => run.parentId === parentId && !this.#reached.has(run.id),
    );
  }

  /** A value that was recorded for a slot, or the one made now, which is recorded. */
  recordedValue<T extends string | number>(
    runId: RunId,
    scope: string,
    slot: string,
    make: () => T,
  ): T {
    const known = this.#recorded.get(`${runId}|${scope}|${slot}`);
    if (known !== undefined) return known.value as T;
    const value = make();
    // Whatever depends on the value is written later, hence committed later.
    this.writer
      .write(
        {
          kind: 'record',
          value: { runId, rootId: this.rootId, scope, slot, value },
          fence: this.fence,
        },
        'process',
      )
      .then(
        (outcome) => outcome.ok || this.lose(),
        (error: unknown) => this.cancellation.abort(error as Error),
      );
    return value;
  }

  hasHook(kind: 'flow' | 'task', name: string, hook: HookName): boolean {
    return this.engine.definitions.get(kind, name)?.hooks[hook] !== undefined;
  }

  /** Tells what was committed: events, then hooks. Called by the run's handle alone. */
  published(run: Run, history: readonly HistoryEntry[], hooks: readonly PendingHook[]): void {
    for (const entry of history) this.engine.events.emit('state', { run, state: entry.state });
    for (const hook of hooks) this.deliver(hook);
  }

  /** Calls a hook; the execution ends only when it has returned. */
  deliver(hook: PendingHook): void {
    const delivery = this.engine.hooks.deliver(hook).finally(() => this.#hooks.delete(delivery));
    this.#hooks.add(delivery);
  }

  async hooksDelivered(): Promise<void> {
    while (this.#hooks.size > 0) await Promise.allSettled(this.#hooks);
  }

  /** Another holder has the lease: nothing more may be written. Returns the error that says so. */
  lose(): Error {
    this.#lost ??= leaseLost(this.rootId);
    this.cancellation.abort(this.#lost);
    return this.#lost;
  }

  /** The engine is being stopped: what is under way is interrupted, and goes on elsewhere. */
  stop(reason: Error): void {
    this.#stopped ??= reason;
    this.cancellation.abort(reason);
  }

  /** Somebody asked for the whole run to stop. */
  cancel(reason: string): void {
    this.cancellation.abort(cancelled('The run', reason));
  }

  /** Set once the lease was lost. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /** Set once the engine is being stopped. */
  get stopped(): Error | undefined {
    return this.#stopped;
  }
}

function identityOf(parentId: RunId, name: string, key: string): string {
  return `${parentId}|${name}|${key}`;
}
