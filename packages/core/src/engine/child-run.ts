import type { Definition, InputCheck } from '../definition/definition.ts';
import { cancelled, reasonOf, skipped } from '../errors/errors.ts';
import { FutureOfTask } from '../future/task-future.ts';
import { newRunId, type RunId } from '../model/ids.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency, Run } from '../model/run.ts';
import { isTerminal, type TerminalState } from '../model/state.ts';
import { standsAsItIs } from '../rules/replay.ts';
import { toFailure } from '../serial/failure-codec.ts';
import type { Accountable } from './accounts.ts';
import { Cancellation } from './cancellation.ts';
import { endRefused, openRecord } from './child-record.ts';
import { assertDurable, keepableText } from './engine-core.ts';
import { authorsKey, hashArguments, keyRequired, keyReused } from './identity.ts';
import { allEnded, dependenciesOf, futuresIn, readInputs, type AnyFuture } from './inputs.ts';
import { completedValue, failed, failureOf } from './outcomes.ts';
import { perform } from './perform.ts';
import type { Performance } from './performance.ts';
import type { RunHandle } from './run-handle.ts';
import type { Scope } from './scope.ts';

/** A task or subflow that the code of a run has started: from the call to the outcome. */
export class ChildRun implements Accountable {
  readonly definition: Definition;
  readonly settled: Promise<Outcome<unknown>>;
  readonly future: FutureOfTask<unknown>;
  readonly inputHash: string | undefined;
  readonly #scope: Scope;
  readonly #args: readonly unknown[];
  readonly #futures: readonly AnyFuture[];
  readonly #cancellation: Cancellation;
  /** Set at once, unless the author's key depends on what futures give. */
  #key: string | undefined;
  #id: RunId | undefined;
  #known: Run | undefined;
  #handle: RunHandle | undefined;
  #replayed: Run | undefined;
  #joined = false;
  #observed = false;
  #ended = false;
  #skipped = false;
  #error: Error | undefined;

  private constructor(
    scope: Scope,
    definition: Definition,
    args: readonly unknown[],
    key?: string,
  ) {
    this.#scope = scope;
    this.definition = definition;
    this.#args = args;
    this.#futures = futuresIn([args, definition.waitFor]);
    this.inputHash = hashArguments(args, scope.execution.engine.resources);
    if (key !== undefined) this.#identify(key);
    else if (definition.key === undefined) this.#identify(this.#keyOfInputs());
    this.#cancellation = new Cancellation(scope.cancellation);
    // What stands for the value in the identity of others must not change when a late key becomes known.
    const identity = `${definition.name}:${this.#key ?? this.inputHash ?? ''}`;
    this.settled = this.#execute().then(
      (outcome) => this.#end(outcome),
      (error: unknown) => this.#end(failed('FAILED', error as Error)),
    );
    this.future = new FutureOfTask({
      settled: this.settled,
      ended: () => this.#ended,
      identity: () => identity,
      dependencies: () => this.#asDependency(),
      runId: () => this.#id,
      observe: () => this.#observe(),
      cancel: (reason) => this.#cancel(reason),
    });
  }

  /**
   * Starts a task or subflow, or joins the one that this attempt has started under the same author's key.
   *
   * @throws `RUN_ENDED`, `KEY_REQUIRED`, `KEY_REUSED`, `KEY_INVALID`, `NAME_REUSED`, `LEASE_LOST`,
   *   `ENGINE_STOPPED`, `DURABLE_STORE_REQUIRED`
   */
  static start(scope: Scope, definition: Definition, args: readonly unknown[]): ChildRun {
    scope.assertOpen(definition.name);
    scope.assertSameFunction(definition);
    const { engine } = scope.execution;
    assertDurable(engine, definition);
    engine.definitions.note(definition);
    const key =
      definition.key === undefined || futuresIn(args).length > 0
        ? undefined
        : authorsKey(engine, definition, args);
    if (key !== undefined) {
      const known = scope.childWithKey(definition.name, key);
      if (known !== undefined) {
        if (known.inputHash === hashArguments(args, engine.resources)) return known;
        throw keyReused(definition, key);
      }
    }
    const child = new ChildRun(scope, definition, args, key);
    scope.accounts.adopt(child);
    if (key !== undefined) scope.noteKey(definition.name, key, child);
    return child;
  }

  /** False for one that has joined another under the author's key. */
  get isRun(): boolean {
    return !this.#joined;
  }

  /** Whether somebody looked at how it ended. */
  get observed(): boolean {
    return this.#observed;
  }

  /** Set when it ended otherwise than well. */
  get error(): Error | undefined {
    return this.#error;
  }

  /**
   * Somebody looked at how it ended. Where it was skipped that is a look at why, too: at the failure of what
   * it needed, which is the cause of its own.
   */
  #observe(): void {
    this.#observed = true;
    if (!this.#skipped) return;
    for (const future of this.#futures) future.parts.observe();
  }

  #end(outcome: Outcome<unknown>): Outcome<unknown> {
    this.#ended = true;
    if (!outcome.ok && outcome.state === 'SKIPPED') {
      this.#skipped = true;
      if (this.#observed) this.#observe();
    }
    if (!outcome.ok) {
      this.#error = outcome.error;
      if (outcome.error === this.#scope.execution.stopped) this.#scope.noteInterrupted();
    }
    this.#cancellation.end();
    return outcome;
  }

  #cancel(reason = 'its future was cancelled'): void {
    this.#cancellation.abort(cancelled(`'${this.definition.name}'`, reason));
  }

  /** The identity of a call without an author's key: its inputs, and an ordinal among equals. */
  #keyOfInputs(): string {
    if (this.inputHash === undefined && this.#scope.execution.engine.store.durable) {
      throw keyRequired(this.definition);
    }
    const hash = this.inputHash ?? 'unhashed';
    const ordinal = this.#scope.ordinal(this.definition.name, hash);
    return ordinal === 0 ? hash : `${hash}#${ordinal}`;
  }

  #identify(key: string): void {
    const { execution, run } = this.#scope;
    this.#key = key;
    this.#known = execution.remembered.take(run.id, this.definition.name, key);
    this.#id = this.#known?.id ?? newRunId(execution.clock.now(), execution.engine.random);
  }

  #asDependency(): readonly Dependency[] {
    const run = this.#handle?.run ?? this.#replayed;
    return run === undefined ? [] : [{ runId: run.id, generation: run.generation }];
  }

  async #execute(): Promise<Outcome<unknown>> {
    if (this.#futures.length === 0) return this.#go(this.#args, []);
    this.#recordWaiting();
    const { definition } = this;
    const inputs = await readInputs(this.#args, definition.waitFor, this.#cancellation);
    const { abandoned } = this.#scope.execution;
    // What it needs was only interrupted: it waits for it again after the recovery.
    if (abandoned !== undefined) return failed('CANCELLED', abandoned);
    if (this.#cancellation.reason !== undefined) return this.#cancelledEarly();
    const args = inputs.kind === 'ready' ? inputs.args : this.#args;
    if (this.#key === undefined) {
      if (inputs.kind === 'failed') return failed('SKIPPED', this.#upstreamFailed(inputs.upstream));
      const joined = this.#joinLate(args);
      if (joined !== undefined) return joined;
    }
    const dependsOn = await dependenciesOf(this.#futures);
    return this.#go(args, dependsOn, inputs.kind === 'failed' ? inputs.upstream : undefined);
  }

  /** Shows a task that waits for others as PENDING, where it has to wait at all. */
  #recordWaiting(): void {
    const unknown = this.#key !== undefined && this.#known === undefined;
    if (!unknown || this.definition.kind !== 'task' || allEnded(this.#futures)) return;
    // A failure to write it halts the execution, and is met again by the next write.
    this.#open(this.#args)
      .commit()
      .catch(() => undefined);
  }

  #open(args: readonly unknown[]): RunHandle {
    const { definition, inputHash } = this;
    const call = { definition, id: this.#id as RunId, key: this.#key as string, inputHash, args };
    this.#handle ??= openRecord(this.#scope, call, this.#known);
    return this.#handle;
  }

  /** Told to stop while it waited for others. What it had done in an earlier try stands. */
  async #cancelledEarly(): Promise<Outcome<unknown>> {
    const known = this.#known?.state;
    if (this.#key === undefined || (known !== undefined && isTerminal(known))) {
      const { engine } = this.#scope.execution;
      const reason = keepableText(engine, reasonOf(this.#cancellation.reason as Error));
      return failed('CANCELLED', cancelled(`'${this.definition.name}'`, reason));
    }
    return this.#perform(this.#open(this.#args), this.#args, []);
  }

  /** From here on the inputs are known. */
  async #go(
    args: readonly unknown[],
    dependsOn: readonly Dependency[],
    upstream?: Error,
  ): Promise<Outcome<unknown>> {
    const known = this.#known;
    if (known !== undefined && standsAsItIs(known, dependsOn, this.#scope.tryName)) {
      return this.#replay(known, known.state as TerminalState);
    }
    const handle = this.#open(args);
    if (this.#futures.length > 0) handle.nameForPeople(args);
    if (isTerminal(handle.state)) {
      await endRefused(this.#scope, handle);
      return failureOf(handle.state, this.definition.name);
    }
    if (upstream !== undefined) {
      const error = this.#upstreamFailed(upstream);
      const skip = { type: 'skip', name: 'UpstreamFailed', reason: error.message } as const;
      await handle.apply(skip, { dependsOn });
      return failed('SKIPPED', error);
    }
    return this.#perform(handle, args, dependsOn);
  }

  #upstreamFailed(upstream: Error): Error {
    const { scrub } = this.#scope.execution.engine.scrubber;
    const reason = `'${this.definition.name}' was skipped: what it needs did not complete (${upstream.message}).`;
    return skipped('UpstreamFailed', scrub(reason), upstream);
  }

  /** Joins the run that has the author's key already, where the key depended on what futures gave. */
  #joinLate(args: readonly unknown[]): Promise<Outcome<unknown>> | undefined {
    const { definition } = this;
    const { engine } = this.#scope.execution;
    const key = authorsKey(engine, definition, args);
    const other = this.#scope.childWithKey(definition.name, key);
    if (other === undefined) {
      this.#identify(key);
      this.#scope.noteKey(definition.name, key, this);
      return undefined;
    }
    const same =
      other.inputHash === this.inputHash ||
      other.inputHash === hashArguments(args, engine.resources);
    if (!same) throw keyReused(definition, key);
    this.#joined = true;
    this.#id = other.future.runId;
    return other.settled;
  }

  #replay(known: Run, state: TerminalState): Outcome<unknown> {
    const { engine } = this.#scope.execution;
    this.#replayed = known;
    engine.events.emit('replayed', { run: known });
    return state.type === 'COMPLETED'
      ? { ok: true, value: completedValue(engine, state), state: 'COMPLETED' }
      : failureOf(state, known.name);
  }

  #perform(
    handle: RunHandle,
    given: readonly unknown[],
    dependsOn: readonly Dependency[],
  ): Promise<Outcome<unknown>> {
    const { execution } = this.#scope;
    const { definition } = this;
    const cancellation = this.#cancellation;
    const run = { execution, handle, definition, args: given, cancellation, dependsOn };
    const checks = definition.checkInput !== undefined && cancellation.reason === undefined;
    return checks ? this.#performChecked(run, definition.checkInput) : perform(run);
  }

  async #performChecked(run: Performance, check: InputCheck): Promise<Outcome<unknown>> {
    const { execution, handle, dependsOn } = run;
    let args: readonly unknown[];
    try {
      args = await check(run.args);
    } catch (error) {
      const failure = toFailure(error, execution.engine.scrubber.scrub);
      await handle.apply({ type: 'fail', error: failure }, { dependsOn: dependsOn ?? [] });
      return failed('FAILED', error as Error);
    }
    return perform({ ...run, args });
  }
}
