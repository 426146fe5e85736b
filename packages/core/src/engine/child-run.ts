import type { Definition } from '../definition/definition.ts';
import { upstreamFailed } from '../errors/errors.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import { FutureOfTask } from '../future/task-future.ts';
import { newRunId, type RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import { standsAsItIs } from '../rules/replay.ts';
import { toFailure } from '../serial/failure-codec.ts';
import { Cancellation } from './cancellation.ts';
import { openRecord } from './child-record.ts';
import { hashArguments, keyRequired, keyReused } from './identity.ts';
import {
  dependenciesOf,
  futuresIn,
  resolveFutures,
  UpstreamFailure,
  waitForAll,
  type AnyFuture,
} from './inputs.ts';
import { completedValue, failureOf, perform } from './perform.ts';
import type { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';

/** A task or subflow that the code of a run has started: from the call to the outcome. */
export class ChildRun {
  readonly definition: Definition;
  readonly settled: Promise<Outcome<unknown>>;
  readonly future: FutureOfTask<unknown>;
  readonly #scope: Scope;
  readonly #args: readonly unknown[];
  readonly #futures: readonly AnyFuture[];
  readonly #cancellation: Cancellation;
  readonly #inputHash: string | undefined;
  readonly #known: Run | undefined;
  #key: string | undefined;
  #id: RunId | undefined;
  #handle: RunHandle | undefined;
  #replayed: Run | undefined;
  #observed = false;
  #error: Error | undefined;

  private constructor(scope: Scope, definition: Definition, args: readonly unknown[]) {
    this.#scope = scope;
    this.definition = definition;
    this.#args = args;
    this.#futures = futuresIn([args, definition.waitFor]);
    this.#inputHash = hashArguments(args, scope.execution.engine.resources);
    this.#key = this.#keyAtOnce();
    this.#known = this.#key === undefined ? undefined : this.#identify(this.#key);
    this.#cancellation = new Cancellation(scope.cancellation);
    this.settled = this.#execute().then(
      (outcome) => this.#ended(outcome),
      (error: unknown) => this.#ended({ ok: false, error: error as Error, state: 'FAILED' }),
    );
    this.future = new FutureOfTask({
      settled: this.settled,
      identity: () => `${definition.name}:${this.#key ?? this.#inputHash ?? ''}`,
      dependencies: () => this.#asDependency(),
      runId: () => this.#id,
      observe: () => {
        this.#observed = true;
      },
      cancel: (reason) => this.#cancel(reason),
    });
  }

  /**
   * Starts a task or subflow, or joins the one that this attempt has started under the same author's key.
   *
   * @throws `RUN_ENDED`, `KEY_REQUIRED`, `KEY_REUSED`, `LEASE_LOST`, `ENGINE_STOPPED`
   */
  static start(scope: Scope, definition: Definition, args: readonly unknown[]): ChildRun {
    scope.assertOpen(definition.name);
    scope.execution.engine.definitions.note(definition);
    const joined = joinByKey(scope, definition, args);
    if (joined !== undefined) return joined;
    const child = new ChildRun(scope, definition, args);
    scope.adopt(child);
    if (definition.key !== undefined && child.#key !== undefined) {
      scope.noteKey(definition.name, child.#key, child);
    }
    return child;
  }

  /** Whether somebody looked at how it ended. */
  get observed(): boolean {
    return this.#observed;
  }

  /** Set when it ended otherwise than well. */
  get error(): Error | undefined {
    return this.#error;
  }

  get inputHash(): string | undefined {
    return this.#inputHash;
  }

  #ended(outcome: Outcome<unknown>): Outcome<unknown> {
    if (!outcome.ok) {
      this.#error = outcome.error;
      if (outcome.error === this.#scope.execution.stopped) this.#scope.noteInterrupted();
    }
    this.#cancellation.end();
    return outcome;
  }

  #cancel(reason = 'the future was cancelled'): void {
    this.#cancellation.abort(new HoldfastError('CANCELLED', reason, { retryable: false }));
  }

  /** The identity, where it does not depend on what futures give. */
  #keyAtOnce(): string | undefined {
    const { definition } = this;
    if (definition.key !== undefined) {
      return this.#futures.length === 0 ? definition.key(...this.#args) : undefined;
    }
    if (this.#inputHash === undefined && this.#scope.execution.engine.store.durable) {
      throw keyRequired(definition);
    }
    const hash = this.#inputHash ?? 'unhashed';
    const ordinal = this.#scope.ordinal(`${definition.name}|${hash}`);
    return ordinal === 0 ? hash : `${hash}#${ordinal}`;
  }

  #identify(key: string): Run | undefined {
    const { execution, run } = this.#scope;
    this.#key = key;
    const known = execution.recall(run.id, this.definition.name, key);
    this.#id = known?.id ?? newRunId(execution.clock.now(), execution.engine.random);
    return known;
  }

  #asDependency(): readonly Dependency[] {
    const run = this.#handle?.run ?? this.#replayed;
    return run === undefined ? [] : [{ runId: run.id, generation: run.generation }];
  }

  async #execute(): Promise<Outcome<unknown>> {
    const inputs = await this.#inputs();
    const late = this.#key === undefined;
    const key = this.#key ?? this.#keyOf(inputs.args);
    if (late) {
      const joined = this.#joinLate(key);
      if (joined !== undefined) return joined;
    }
    const known = late ? this.#identify(key) : this.#known;
    const dependsOn = this.#futures.length === 0 ? [] : await dependenciesOf(this.#futures);
    if (known !== undefined && standsAsItIs(known, dependsOn, this.#scope.tryName)) {
      return this.#replay(known);
    }
    const { definition } = this;
    const call = {
      definition,
      id: this.#id as RunId,
      key,
      inputHash: this.#inputHash,
      args: inputs.args,
      dependsOn,
    };
    const handle = openRecord(this.#scope, call, known);
    this.#handle = handle;
    if (inputs.failed !== undefined && !isTerminal(handle.state)) {
      return this.#skip(handle, inputs.failed);
    }
    const outcome = isTerminal(handle.state)
      ? await this.#refused(handle)
      : await this.#perform(handle, inputs.args);
    this.#scope.execution.noteEnded(handle.run, definition.key !== undefined);
    return outcome;
  }

  /** Joins the run that has the author's key already, where the key depended on what futures gave. */
  #joinLate(key: string): Promise<Outcome<unknown>> | undefined {
    const { definition } = this;
    const other = this.#scope.childWithKey(definition.name, key);
    if (other === undefined) {
      this.#scope.noteKey(definition.name, key, this);
      return undefined;
    }
    if (other.inputHash !== this.#inputHash) throw keyReused(definition, key);
    this.#key = key;
    this.#id = other.future.runId;
    return other.settled;
  }

  /** Waits for what the arguments and `waitFor` name. */
  async #inputs(): Promise<{ args: readonly unknown[]; failed?: Error }> {
    if (this.#futures.length === 0) return { args: this.#args };
    try {
      const [args] = await Promise.all([
        resolveFutures(this.#args),
        waitForAll(this.definition.waitFor),
      ]);
      return { args: args as readonly unknown[] };
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      return { args: this.#args, failed: error.upstream };
    }
  }

  #keyOf(args: readonly unknown[]): string {
    return this.definition.key?.(...args) ?? this.#inputHash ?? 'unhashed';
  }

  #replay(known: Run): Outcome<unknown> {
    const { execution } = this.#scope;
    const { state } = known;
    if (!isTerminal(state)) throw new Error('only an ended run is replayed');
    this.#replayed = known;
    execution.engine.events.emit('replayed', { run: known });
    return state.type === 'COMPLETED'
      ? { ok: true, value: completedValue(execution.engine, state), state: 'COMPLETED' }
      : failureOf(state, known.name);
  }

  async #skip(handle: RunHandle, upstream: Error): Promise<Outcome<unknown>> {
    const error = upstreamFailed(this.definition.name, upstream);
    await handle.apply({ type: 'skip', name: 'UpstreamFailed', reason: error.message });
    return { ok: false, error, state: 'SKIPPED' };
  }

  /** The run's process died once too often, or while it was being cancelled: the rules ended it. */
  async #refused(handle: RunHandle): Promise<Outcome<unknown>> {
    await handle.commit();
    const { state } = handle;
    if (!isTerminal(state)) throw new Error('only an ended run was refused');
    return failureOf(state, this.definition.name);
  }

  async #perform(handle: RunHandle, given: readonly unknown[]): Promise<Outcome<unknown>> {
    const { execution } = this.#scope;
    const { definition } = this;
    let args = given;
    if (definition.checkInput !== undefined) {
      try {
        args = await definition.checkInput(given);
      } catch (error) {
        const failure = toFailure(error, execution.engine.scrubber.scrub);
        await handle.apply({ type: 'fail', error: failure });
        return { ok: false, error: error as Error, state: 'FAILED' };
      }
    }
    return perform({ execution, handle, definition, args, cancellation: this.#cancellation });
  }
}

/** The child that this attempt has under the same author's key, if it has one. */
function joinByKey(
  scope: Scope,
  definition: Definition,
  args: readonly unknown[],
): ChildRun | undefined {
  if (definition.key === undefined || futuresIn(args).length > 0) return undefined;
  const key = definition.key(...args);
  const child = scope.childWithKey(definition.name, key);
  if (child === undefined) return undefined;
  if (child.inputHash !== hashArguments(args, scope.execution.engine.resources)) {
    throw keyReused(definition, key);
  }
  return child;
}
