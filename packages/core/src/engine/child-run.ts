import type { Definition } from '../definition/definition.ts';
import { secretsInOpen } from '../definition/secret-args.ts';
import { cancelled, waitsOnItself } from '../errors/errors.ts';
import { FutureOfTask, type FutureParts } from '../future/task-future.ts';
import { newRunId, type RunId } from '../model/ids.ts';
import { boundOf, nearerBound } from '../model/bounds.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Dependency, Run } from '../model/run.ts';
import { isTerminal } from '../model/state.ts';
import type { Accountable } from './accounts.ts';
import { callOf, keyOfInputs, lateKeyOf, type Call } from './call.ts';
import { Cancellation } from './cancellation.ts';
import { cancelledUnstarted, endRefused, refuse, skip } from './child-end.ts';
import { openRecord } from './child-record.ts';
import { keyReused } from './identity.ts';
import { allEnded, dependenciesOf, readInputs, type Given } from './inputs.ts';
import { failed, skippedBy } from './outcomes.ts';
import { performCall, performKnown } from './perform-call.ts';
import { replayedOutcome } from './replayed-outcome.ts';
import type { RunHandle } from './run-handle.ts';
import { codeWaits, currentScope, type Scope } from './scope.ts';
import { waitInTime } from './time/watch.ts';
import { answerOf } from './transactions/answer.ts';

/** A task or subflow that the code of a run has started: from the call to the outcome. */
export class ChildRun implements Accountable, FutureParts<unknown> {
  readonly settled: Promise<Outcome<unknown>>;
  readonly future: FutureOfTask<unknown>;
  readonly #call: Call;
  readonly #cancellation: Cancellation;
  /** Stands for the value in the identity of others: it must not change when a late key becomes known. */
  readonly #identity: string;
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

  private constructor(call: Call) {
    const { stretch, definition, key, inputHash } = call;
    this.#call = call;
    if (key !== undefined) this.#identify(key);
    else if (definition.key === undefined) this.#identify(keyOfInputs(call));
    this.#cancellation = new Cancellation(stretch.cancellation);
    this.#identity = `${definition.name}:${this.#key ?? inputHash ?? ''}`;
    this.settled = this.#execute().then(
      (outcome) => this.#end(outcome),
      (error: unknown) => this.#end(failed('FAILED', error as Error)),
    );
    this.future = new FutureOfTask(this);
  }

  /**
   * Starts a task or subflow, or joins the one that this attempt has started under the same author's key.
   *
   * @throws `KEY_REQUIRED`, `KEY_REUSED`, and what `callOf` throws
   */
  static start(scope: Scope, definition: Definition, args: readonly unknown[]): ChildRun {
    const call = callOf(scope, definition, args);
    const { key } = call;
    const known = key === undefined ? undefined : scope.childWithKey(definition.name, key);
    if (known !== undefined) {
      if (known.inputHash === call.inputHash) return known;
      throw keyReused(definition, key as string);
    }
    const child = new ChildRun(call);
    call.stretch.accounts.take(child);
    if (key !== undefined) scope.noteKey(definition.name, key, child);
    return child;
  }

  get definition(): Definition {
    return this.#call.definition;
  }

  get inputHash(): string | undefined {
    return this.#call.inputHash;
  }

  get name(): string {
    return this.#call.definition.name;
  }

  /** One that has joined another under the author's key is none of its own. */
  get failedRuns(): number {
    return this.#error === undefined || this.#joined ? 0 : 1;
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
  observe(): void {
    this.#observed = true;
    if (!this.#skipped) return;
    for (const future of this.#call.futures) future.parts.observe();
  }

  /** Whether its outcome is that of an earlier process or try. */
  get replayed(): boolean {
    return this.#replayed !== undefined;
  }

  ended(): boolean {
    return this.#ended;
  }

  identity(): string {
    return this.#identity;
  }

  runId(): RunId | undefined {
    return this.#id;
  }

  dependencies(): readonly Dependency[] {
    const run = this.#handle?.run ?? this.#replayed;
    return run === undefined ? [] : [{ runId: run.id, generation: run.generation }];
  }

  cancel(reason = 'its future was cancelled'): void {
    this.#cancellation.abort(cancelled(`'${this.definition.name}'`, reason));
  }

  waiting<W>(work: Promise<W>): Promise<W> {
    return this.#ended ? work : codeWaits(work);
  }

  selfWait(): Error | undefined {
    if (this.#ended) return undefined;
    const caller = currentScope();
    if (!this.#cancellation.reaches(caller?.cancellation)) return undefined;
    return waitsOnItself(`'${this.definition.name}'`, caller?.run.name ?? '');
  }

  #end(outcome: Outcome<unknown>): Outcome<unknown> {
    this.#ended = true;
    this.#cancellation.end();
    if (outcome.ok) this.future.letGo();
    else {
      this.#error = outcome.error;
      this.#skipped = outcome.state === 'SKIPPED';
      if (this.#skipped && this.#observed) this.observe();
      if (outcome.error === this.#call.scope.execution.stopped) this.#call.scope.noteInterrupted();
    }
    this.#call.stretch.accounts.ended(this, outcome);
    return outcome;
  }

  #identify(key: string): void {
    const { execution, run } = this.#call.scope;
    this.#key = key;
    this.#known = execution.remembered.take(run.id, this.definition.name, key);
    this.#id = this.#known?.id ?? newRunId(execution.clock.now(), execution.engine.random);
  }

  #execute(): Promise<Outcome<unknown>> {
    if (this.#call.futures.length > 0) return this.#executeOnceGiven();
    try {
      return this.#go({ args: this.#call.args, dependsOn: [] });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Waits for what its futures give. */
  async #executeOnceGiven(): Promise<Outcome<unknown>> {
    this.#recordWaiting();
    const { definition, args: given } = this.#call;
    const { execution } = this.#call.scope;
    const waiting = this.#handle?.run ?? this.#known;
    const inputs = await waitInTime(execution.clock, waiting, this.#cancellation, () =>
      readInputs(given, definition.waitFor, this.#cancellation),
    );
    const { abandoned } = execution;
    // What it needs was only interrupted: it waits for it again after the recovery.
    if (abandoned !== undefined) return failed('CANCELLED', abandoned);
    const { reason } = this.#cancellation;
    if (reason !== undefined) return this.#cancelledEarly(reason);
    const args = inputs.kind === 'ready' ? inputs.args : this.#call.args;
    const open = secretsInOpen(definition, args);
    if (open !== undefined) return this.#refused(open);
    if (this.#key === undefined) {
      if (inputs.kind === 'failed') return skippedBy(execution.engine, definition, inputs.upstream);
      const joined = this.#joinLate(args);
      if (joined !== undefined) return joined;
    }
    const dependsOn = await dependenciesOf(this.#call.futures);
    const upstream = inputs.kind === 'failed' ? inputs.upstream : undefined;
    return this.#go({ args, dependsOn, upstream });
  }

  /** What its futures gave cannot be taken: nothing of it is kept. */
  #refused(error: Error): Promise<Outcome<unknown>> {
    const known = this.#known?.state;
    const open = known === undefined ? this.#handle !== undefined : !isTerminal(known);
    return refuse(this.#call.scope, open ? this.#open([]) : undefined, error);
  }

  /** Shows a task that waits for others as PENDING, where it has to wait at all. */
  #recordWaiting(): void {
    const { transaction, futures } = this.#call;
    if (this.#key === undefined || this.#known !== undefined) return;
    if (transaction?.undone !== undefined) return;
    // On a queue it would be claimed without its inputs.
    const { kind, queue } = this.definition;
    if (kind !== 'task' || queue !== undefined || allEnded(futures)) return;
    // A failure to write it halts the execution, and is met again by the next write.
    this.#open(this.#call.args)
      .commit()
      .catch(() => undefined);
  }

  #open(args: readonly unknown[]): RunHandle {
    const identity = { id: this.#id as RunId, key: this.#key as string };
    this.#handle ??= openRecord(this.#call, identity, args, this.#known);
    return this.#handle;
  }

  /** Told to stop while it waited for others. What it had done in an earlier try stands. */
  async #cancelledEarly(reason: Error): Promise<Outcome<unknown>> {
    const known = this.#known?.state;
    const unmade = known === undefined ? this.definition.queue !== undefined : isTerminal(known);
    if (this.#key === undefined || unmade) return cancelledUnstarted(this.#call, reason);
    const { args } = this.#call;
    return this.#perform(this.#open(args), { args, dependsOn: [] });
  }

  /** From here on the inputs are known. */
  #go(given: Given): Promise<Outcome<unknown>> {
    return this.#known === undefined && this.#call.transaction?.undone === undefined
      ? this.#begin(given)
      : this.#goOn(given);
  }

  /** An earlier process or try has left it, or its transaction is undone. */
  async #goOn(given: Given): Promise<Outcome<unknown>> {
    const found = answerOf(this.#call, this.#key, this.#known, given.dependsOn);
    const answer = found instanceof Promise ? await found : found;
    if (answer.kind === 'stands') return this.#replay(answer.known);
    if (answer.kind === 'refused') return failed('CANCELLED', answer.error);
    this.#known = answer.known;
    return this.#begin(given);
  }

  #begin(given: Given): Promise<Outcome<unknown>> {
    const { scope, futures } = this.#call;
    const { args, dependsOn, upstream } = given;
    const handle = this.#open(args);
    if (futures.length > 0) handle.nameForPeople(args);
    if (isTerminal(handle.state)) return endRefused(scope, handle, handle.state);
    if (upstream !== undefined) return skip(scope, handle, dependsOn, upstream);
    return this.#perform(handle, given);
  }

  /** Joins the run that has the author's key already, where the key depended on what futures gave. */
  #joinLate(args: readonly unknown[]): Promise<Outcome<unknown>> | undefined {
    const { key, other } = lateKeyOf(this.#call, args);
    if (other !== undefined) {
      this.#joined = true;
      this.#id = other.future.runId;
      return other.settled;
    }
    this.#identify(key);
    this.#call.scope.noteKey(this.definition.name, key, this);
    return undefined;
  }

  #replay(known: Run): Outcome<unknown> | Promise<Outcome<unknown>> {
    const { execution } = this.#call.scope;
    this.#replayed = known;
    execution.engine.events.emit('replayed', { run: known });
    return replayedOutcome(execution, known, this.#cancellation);
  }

  #perform(handle: RunHandle, { args, dependsOn }: Given): Promise<Outcome<unknown>> {
    const { scope, group, definition } = this.#call;
    const { execution, flow } = scope;
    const cancellation = this.#cancellation;
    const bound = nearerBound(boundOf(handle.run), scope.bound);
    const run = { execution, handle, definition, args, cancellation, flow, bound, dependsOn };
    return (this.#known === undefined ? performCall : performKnown)(run, group);
  }
}
