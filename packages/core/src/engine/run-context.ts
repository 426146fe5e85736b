import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { RunLogger } from '../events/logger.ts';
import type { Progress } from '../events/engine-events.ts';
import { ObservedPromise } from '../future/observed-promise.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import { uuidv7, type RunId } from '../model/ids.ts';
import type { LogEntry } from '../model/log-entry.ts';
import type { Fitting } from '../policies/fitting.ts';
import type { Child, ChildOptions } from '../process/child-options.ts';
import type { Secret } from '../secret/secret.ts';
import { randomFraction } from './engine-core.ts';
import type { GivenArtifact } from './notes/artifact-body.ts';
import { lastLines } from './notes/last-lines.ts';
import { runLogger } from './notes/run-logger.ts';
import { currentScope, type Scope } from './scope.ts';
import { secretValue } from './secret-value.ts';
import { startChildIn } from './start-child.ts';
import { askWhetherFits } from './time/fit.ts';
import { assertInputName } from './waiting/given-inputs.ts';
import { InputPause, type InputOptions } from './waiting/input-pause.ts';
import { sleepUntil, timeOf } from './waiting/sleep.ts';

/** What code of a flow or task can ask of its run. Bound to one attempt: once that is over, every call throws `RUN_ENDED`. Its methods may be taken apart. */
export interface RunContext {
  readonly runId: RunId;
  /** The top-level flow run. */
  readonly rootRunId: RunId;
  readonly kind: 'flow' | 'task';
  /** The definition's name. */
  readonly name: string;
  /** Counts from 1. An attempt that a crash cut off keeps its number when it is made again. */
  readonly attempt: number;
  /** Stable for the run over attempts, crashes and processes; another for each generation. For calls that must have one effect. */
  readonly idempotencyKey: string;
  /** The `traceparent` that the top-level run was started with, to be passed on; undefined without one. */
  readonly traceparent: string | undefined;
  /** Aborted, with a reason, by a timeout, a cancel, the engine's stop, a lost lease, or the end of what started the run. */
  readonly signal: AbortSignal;
  /**
   * When the time of the run is over: the nearest of its own deadline and window, and of those of what started it. Its
   * signal aborts then. Undefined where nothing bounds it. A `timeout`, which bounds the attempt, is not in it.
   */
  readonly deadline: Date | undefined;
  /**
   * Hands lines to the host's logger, with the run's facts bound, and keeps them with the run: `engine.logs()` reads them,
   * also those of a process that died. Whatever is logged, it never throws, waits, or fails the run; secrets are
   * scrubbed. What is logged by a flow's code that runs again after a crash is there again.
   */
  readonly logger: RunLogger;
  /** The newest lines that were kept of the top-level run and everything below it, at most so many, oldest first. */
  lastLines(count: number): Promise<readonly LogEntry[]>;
  /** The time in epoch milliseconds, recorded: a resumed run gets the same again. */
  now(): number;
  /** A number from 0 to below 1, recorded. */
  random(): number;
  /** A UUIDv7, recorded. */
  uuid(): string;
  /**
   * An object that was registered with the engine.
   *
   * @throws `RESOURCE_UNKNOWN`
   */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what it registered
  resource<T>(name: string): T;
  /**
   * Sleeps: for a time, or until a date. The time of waking is recorded, so that after a crash only what is left is
   * slept, in whatever process. Meanwhile the run is PAUSED, and limits that it takes part in are given back; a flow
   * that only sleeps is held by no process. A `timeout` goes on. Sleeps of one length are told apart by their order.
   *
   * @throws `DURATION_INVALID`; why the attempt was told to stop; `LEASE_LOST` when another process was faster to wake it
   */
  sleep(time: Duration | Date): Promise<void>;
  /**
   * Waits until somebody gives a value to this run under a name, with `engine.provideInput` in any process; gives it
   * at once where that was done before. Meanwhile the run is PAUSED, as in a sleep. The first value stays, over attempts
   * and crashes: ask under another name to ask again. A value given in this engine is noticed at once, one from elsewhere
   * by looking in the store: after 0.1 s, then more rarely, at last every 5 s. One that does not fit the schema is
   * refused, and waited on. Giving up is recorded: what is given later does not count. A run that does not catch it ends
   * FAILED/TimedOut.
   *
   * @param name unique among what the run asks
   * @throws `INPUT_TIMED_OUT`, `KEY_INVALID`, `OPTIONS_INVALID`; why the attempt was told to stop; `LEASE_LOST`
   */
  pauseForInput<S extends StandardSchemaV1>(
    name: string,
    options: InputOptions<S> & { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S>>;
  /** The same without a schema: whatever is given is taken. */
  pauseForInput(name: string, options?: InputOptions): Promise<unknown>;
  /** The value of a secret, for this attempt; from now on it is scrubbed from logs, errors and what children print. */
  secret(secret: Secret): Promise<string>;
  /** Milliseconds until `deadline`, 0 after it; Infinity where nothing bounds the run. Not recorded: it is what is left now. */
  remaining(): number;
  /**
   * Whether a flow or task that is about to be started here would end before `deadline`, going by the runs of its name
   * that completed last, at most 300; by those with its key, where there are at least three. One of which nothing is
   * known fits. What was read is used for a minute. Recorded: a resumed run is given the same answer again.
   *
   * @param key as the option `key` of the task gives it
   * @throws `STORE_UNAVAILABLE` and what else the run store throws
   */
  fits(name: string, key?: string): Promise<Fitting>;
  /**
   * Tells how far the run has come, and how fast it goes on: an event each time, and the artifact `progress`, which is written at most once a
   * second, and last before the outcome.
   *
   * @throws `RUN_ARTIFACT_INVALID` when a number is none from 0
   */
  progress(progress: Progress): void;
  /**
   * Leaves something for people to look at; a later one under the same key replaces it. At most 256 KiB each and 100 a
   * run. Secrets are scrubbed from its texts. Need not be awaited: it is committed before the outcome of the run.
   *
   * @param description one sentence, at most 1,000 characters
   * @returns a promise that resolves when it is committed
   * @throws `RUN_ARTIFACT_INVALID`, at once
   */
  artifact(key: string, body: GivenArtifact, description?: string): Promise<void>;
  /**
   * Checks with the run store that this process still holds the run: to be called just before something is
   * published that another holder could publish as well.
   *
   * @throws `LEASE_LOST`
   */
  assertLease(): Promise<void>;
  /** Starts a child process in a group of its own, which is ended with the attempt and found again after a crash. */
  startChild(command: string, options?: ChildOptions): Promise<Child>;
}

class AttemptContext implements RunContext {
  readonly #scope: Scope;
  readonly attempt: number;
  readonly #calls = new Map<string, number>();
  #logger: RunLogger | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.attempt = scope.run.attempts;
  }

  get #open(): Scope {
    if (this.#scope.closed !== undefined) throw this.#scope.closed;
    return this.#scope;
  }

  get runId(): RunId {
    return this.#scope.run.id;
  }

  get rootRunId(): RunId {
    return this.#scope.run.rootId;
  }

  get kind(): 'flow' | 'task' {
    return this.#scope.run.kind;
  }

  get name(): string {
    return this.#scope.run.name;
  }

  get idempotencyKey(): string {
    return `${this.runId}.${this.#scope.run.generation}`;
  }

  get traceparent(): string | undefined {
    return this.#scope.execution.traceparent;
  }

  get signal(): AbortSignal {
    return this.#scope.cancellation.signal;
  }

  get deadline(): Date | undefined {
    const { bound } = this.#scope;
    return bound === undefined ? undefined : new Date(bound.at);
  }

  get logger(): RunLogger {
    const { runId, name, attempt } = this;
    const { execution, handle } = this.#scope;
    this.#logger ??= runLogger(
      { execution, handle, attempt },
      execution.engine.logger.child({ runId, run: name, attempt }),
    );
    return this.#logger;
  }

  /** How many calls of a kind were made before; counts this one. */
  #place(kind: string): number {
    const place = this.#calls.get(kind) ?? 0;
    this.#calls.set(kind, place + 1);
    return place;
  }

  #recorded<T extends string | number>(kind: string, make: () => T): T {
    const { execution, run } = this.#open;
    const slot = `${kind}:${this.#place(kind)}`;
    return execution.recordedValue(run.id, this.#scope.tryName, slot, make);
  }

  readonly lastLines = async (count: number): Promise<readonly LogEntry[]> =>
    lastLines(this.#open, count);

  readonly now = (): number => {
    return this.#recorded('now', () => this.#scope.execution.clock.now());
  };

  readonly random = (): number => {
    return this.#recorded('random', () => randomFraction(this.#scope.execution.engine.random));
  };

  readonly uuid = (): string => {
    const { clock, engine } = this.#scope.execution;
    return this.#recorded('uuid', () => uuidv7(clock.now(), engine.random));
  };

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  readonly resource = <T>(name: string): T =>
    this.#open.execution.engine.resources.resource(name) as T;

  readonly secret = async (secret: Secret): Promise<string> =>
    secretValue(this.#open.execution.engine, secret);

  readonly sleep = (time: Duration | Date): Promise<void> =>
    ObservedPromise.watch(this.#sleep(time), undefined);

  async #sleep(time: Duration | Date): Promise<void> {
    const scope = this.#open;
    if (time instanceof Date) return sleepUntil(scope, timeOf(time));
    const ms = durationMs(time, 'The time to sleep');
    const until = this.#recorded(`sleep:${ms}`, () => scope.execution.clock.now() + ms);
    return sleepUntil(scope, until);
  }

  readonly pauseForInput = (name: string, options: InputOptions = {}): Promise<never> =>
    ObservedPromise.watch(this.#pauseForInput(name, options) as Promise<never>, undefined);

  async #pauseForInput(name: string, options: InputOptions): Promise<unknown> {
    const scope = this.#open;
    assertInputName(scope.execution.engine, name, scope.run.name);
    return new InputPause(scope, name, this.#place(`input:${name}`), options).value();
  }

  readonly remaining = (): number => {
    const { bound, execution } = this.#open;
    return bound === undefined ? Infinity : Math.max(0, bound.at - execution.clock.now());
  };

  readonly fits = async (name: string, key?: string): Promise<Fitting> =>
    askWhetherFits(this.#open, `fits:${this.#place('fits')}`, name, key);

  readonly progress = (progress: Progress): void => {
    const { execution, run, artifacts } = this.#open;
    const { id: runId, rootId, name } = run;
    const told = artifacts.progress(progress);
    execution.engine.events.emit('progress', { runId, rootId, name, progress: told });
  };

  readonly artifact = (key: string, body: GivenArtifact, description?: string): Promise<void> =>
    this.#open.artifacts.put(key, body, description);

  readonly assertLease = async (): Promise<void> => {
    const { execution } = this.#open;
    if (execution.halted !== undefined) throw execution.halted;
    if (execution.parking?.away === true) await execution.parking.comeBack();
    await execution.engine.leases.check(execution);
    if (execution.halted !== undefined) throw execution.halted;
  };

  readonly startChild = async (command: string, options: ChildOptions = {}): Promise<Child> =>
    startChildIn(this.#open, command, options);
}

const contexts = new WeakMap<Scope, RunContext>();

/**
 * The run whose code calls this.
 *
 * @throws `NO_RUN` outside of a flow or task
 */
export function runContext(): RunContext {
  const scope = currentScope();
  if (scope === undefined) {
    throw new HoldfastError('NO_RUN', 'runContext() was called outside of a flow or task.', {
      hint: 'Call it within the function of a flow or task, not while a module loads or in a detached callback.',
      retryable: false,
    });
  }
  let context = contexts.get(scope);
  if (context === undefined) {
    context = new AttemptContext(scope);
    contexts.set(scope, context);
  }
  return context;
}
