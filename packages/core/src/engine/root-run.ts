import type { Definition } from '../definition/definition.ts';
import { assertSecrets } from '../definition/secret-args.ts';
import { runUnknown, waitsOnItself } from '../errors/errors.ts';
import { ObservedPromise } from '../future/observed-promise.ts';
import { valueOf } from '../future/task-future.ts';
import type { RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import { boundOf } from '../model/bounds.ts';
import type { FlowRun, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import type { EngineCore } from './engine-core.ts';
import { requestCancel } from './cancel-request.ts';
import { Execution } from './execution.ts';
import type { FlowHandle } from './flow-handle.ts';
import { checkStart, newFlowRun, type StartTerms } from './new-flow-run.ts';
import { outcomeOf } from './outcomes.ts';
import { perform } from './perform.ts';
import { RunHandle } from './run-handle.ts';
import { currentScope, outsideScope } from './scope.ts';
import { withinBound } from './time/watch.ts';
import { outcomeInStore } from './waiting/ended-elsewhere.ts';

/** A top-level flow run in this process: from its record to its end. */
export class RootRun {
  readonly engine: EngineCore;
  readonly execution: Execution;
  readonly handle: RunHandle;
  /** Rejects when the outcome could not be recorded, the engine was stopped, or the lease was lost. */
  readonly ended: Promise<Outcome<unknown>>;

  private constructor(
    execution: Execution,
    handle: RunHandle,
    definition: Definition,
    args: readonly unknown[],
  ) {
    this.engine = execution.engine;
    this.execution = execution;
    this.handle = handle;
    const { run } = handle;
    if (run.kind === 'flow') execution.traceparent = run.traceparent;
    // A run started from within another engine's run is no part of that one.
    this.ended = outsideScope(() => this.#execute(definition, args));
    this.ended.catch(() => undefined);
  }

  get id(): RunId {
    return this.execution.rootId;
  }

  /** Makes a new run and starts it; or finds the one that has the idempotency key. */
  static async start(
    engine: EngineCore,
    definition: Definition,
    args: readonly unknown[],
    terms: StartTerms,
  ): Promise<RootRun | FlowRun> {
    const checked = await checkStart(engine, definition, args, terms);
    const made = await RootRun.#make(engine, definition, args, terms);
    if (!Array.isArray(made)) return made;
    const [execution, handle] = made;
    return new RootRun(execution, handle, definition, checked);
  }

  /** Makes a run that never starts, and says why; nothing where one with its idempotency key exists. */
  static async skip(
    engine: EngineCore,
    definition: Definition,
    args: readonly unknown[],
    terms: StartTerms,
    reason: string,
  ): Promise<void> {
    assertSecrets(definition, args);
    const made = await RootRun.#make(engine, definition, args, terms);
    if (!Array.isArray(made)) return;
    const [execution, handle] = made;
    try {
      await handle.apply({ type: 'skip', name: 'Overlap', reason });
      await execution.hooks.settled();
    } finally {
      await engine.leases.release(execution);
    }
  }

  /** Writes a new run and takes its lease; gives the one that has its idempotency key, where there is one. */
  static async #make(
    engine: EngineCore,
    definition: Definition,
    args: readonly unknown[],
    terms: StartTerms,
  ): Promise<[Execution, RunHandle] | FlowRun> {
    const run = newFlowRun(engine, definition, args, terms);
    const execution = new Execution(engine, { rootId: run.id, epoch: 1 });
    const handle = RunHandle.made(execution, definition, run);
    const existing = await handle.create(engine.leases.terms);
    if (existing !== undefined) return existing;
    engine.leases.keep(execution);
    return [execution, handle];
  }

  /** Goes on with a run whose lease this engine has taken. */
  static resume(
    execution: Execution,
    handle: RunHandle,
    definition: Definition,
    args: readonly unknown[],
  ): RootRun {
    return new RootRun(execution, handle, definition, args);
  }

  async #execute(definition: Definition, args: readonly unknown[]): Promise<Outcome<unknown>> {
    if (definition.hooks.onCommit !== undefined) {
      this.execution.transactions.calledWithout(definition, this.id);
    }
    try {
      return await this.#perform(definition, args);
    } catch (error) {
      const outcome = await this.#endedElsewhere();
      if (outcome === undefined) throw error;
      return outcome;
    } finally {
      await this.#release();
    }
  }

  async #perform(definition: Definition, args: readonly unknown[]): Promise<Outcome<unknown>> {
    const { execution, handle } = this;
    const { cancellation } = execution;
    const bound = boundOf(handle.run);
    const run = { execution, handle, definition, args, cancellation, bound };
    const outcome = await (bound === undefined
      ? perform(run)
      : withinBound(execution.clock, bound, cancellation, () => perform(run)));
    if (execution.halted !== undefined) throw execution.halted;
    await this.#hooksReturned(definition.grace);
    if (execution.stopped !== undefined && !isTerminal(handle.state)) throw execution.stopped;
    return outcome;
  }

  /** How the run ended, where somebody else ended it while it was paused here and its lease was free. */
  async #endedElsewhere(): Promise<Outcome<unknown> | undefined> {
    if (this.execution.parking?.overtaken !== true) return undefined;
    const run = await this.engine.store.run(this.id);
    return run === undefined ? undefined : outcomeOf(this.engine, run);
  }

  /**
   * Waits for the hooks of the run; once the engine is being stopped, no longer than a grace. A hook that has not
   * returned by then stays due, and is told again.
   */
  async #hooksReturned(grace: number): Promise<void> {
    await this.execution.withinGrace(this.#settled(), grace);
  }

  async #settled(): Promise<void> {
    await this.execution.hooks.settled();
    if (this.execution.hasTransactions && isTerminal(this.handle.state)) {
      await this.execution.transactions.settle(this.handle.run);
    }
  }

  async #release(): Promise<void> {
    try {
      await this.engine.leases.release(this.execution);
    } catch (error) {
      // Others wait until it expires, or until this process is seen to be dead.
      this.engine.logger.warn({ runId: this.id, err: error }, 'a lease could not be given back');
    }
  }
}

async function readRun(engine: EngineCore, id: RunId): Promise<FlowRun> {
  const run = await engine.store.run(id);
  if (run?.kind !== 'flow') throw runUnknown(id);
  return run;
}

/** The run with this id, where the code that executes now is code of it or below it: it would wait for ever for its end. */
function executingWithin(id: RunId): Run | undefined {
  const run = currentScope()?.run;
  return run?.rootId === id || run?.id === id || run?.parentId === id ? run : undefined;
}

/** Waits for the end of a run, unless that would be waiting for itself. */
function endOf<T>(id: RunId, end: () => Promise<T>): Promise<T> {
  const run = executingWithin(id);
  return quiet(
    run === undefined ? end() : Promise.reject(waitsOnItself(`The run ${id}`, run.name)),
  );
}

/** The public face of a run that this process executes. */
export function handleOf(root: RootRun): FlowHandle<unknown> {
  const { engine, id } = root;
  return {
    id,
    result: () => endOf(id, () => root.ended.then(valueOf<unknown>)),
    outcome: () => endOf(id, () => root.ended),
    state: async () => (await readRun(engine, id)).state,
    run: () => readRun(engine, id),
    cancel: async (reason = 'cancelled by its handle') => {
      // While it is paused another process may take it up: whoever has it then sees the request.
      if (root.execution.parking?.away === true) await requestCancel(engine, id, reason);
      root.execution.cancel(reason);
      if (executingWithin(id) === undefined) await root.ended.catch(() => undefined);
    },
  };
}

/** Nothing of ours raises `unhandledRejection`: the failure is in the run store, and told by events and hooks. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  return ObservedPromise.watch(promise, undefined);
}

/**
 * The public face of a run that this process does not execute.
 *
 * @param signal ends the waiting, when the engine is stopped
 */
export function foreignHandle(
  engine: EngineCore,
  id: RunId,
  cancel: (reason: string) => Promise<void>,
  signal: AbortSignal,
): FlowHandle<unknown> {
  const outcome = (): Promise<Outcome<unknown>> =>
    endOf(id, () => outcomeInStore(engine, id, signal));
  return {
    id,
    result: () => quiet(outcome().then(valueOf<unknown>)),
    outcome,
    state: async () => (await readRun(engine, id)).state,
    run: () => readRun(engine, id),
    cancel: (reason = 'cancelled by its handle') => cancel(reason),
  };
}
