import { isTimeout, reasonOf } from '../errors/errors.ts';
import { TimeOver } from '../errors/time-errors.ts';
import type { Bound } from '../model/bounds.ts';
import type { Outcome } from '../model/outcome.ts';
import type { RunEvent } from '../model/run-event.ts';
import { isTerminal } from '../model/state.ts';
import { decideRetry, type RetryDecision } from '../policies/retry.ts';
import { spanText } from '../reading/span-text.ts';
import { errorOf, fromFailure, toFailure } from '../serial/failure-codec.ts';
import { scrubError } from '../serial/scrub-error.ts';
import type { Admission } from './admission/admission.ts';
import { admissionOf } from './admission/gates.ts';
import { makeAttempt, type AttemptEnd } from './attempt.ts';
import { AbortListener, waitUnlessAborted } from './cancellation.ts';
import { complete, goOn } from './complete.ts';
import { randomFraction } from './engine-core.ts';
import { failed, failureOf, type Failed } from './outcomes.ts';
import { tellOfRun } from './notes/run-logger.ts';
import type { Performance } from './performance.ts';
import { retried, type WithoutValue } from './retried.ts';
import { Scope } from './scope.ts';
import { attemptSpans, runSpans, withinAttemptSpan, withinRunSpan } from './spans.ts';
import { endOutOfTime, noRoomForRetry } from './time/ending.ts';
import { skipUnlessFits } from './time/fit.ts';

/** Why a run is told to stop, as its states tell it. */
function stopFor(reason: Error): { readonly reason: string; readonly cutOff?: boolean } {
  return { reason: reasonOf(reason), ...(isTimeout(reason) ? { cutOff: true } : {}) };
}

/** Executes one run to its outcome: attempts, retries, cancellation. */
class Performer extends AbortListener {
  readonly #run: Performance;
  /** What it passes before each attempt; undefined for most. */
  readonly #admission: Admission | undefined;
  /** What the last failure was in this process: its class and fields are those of the original. */
  #lastError: Error | undefined;
  #retry: RetryDecision | undefined;
  #failedTasks = 0;
  /** The attempt under way. */
  #scope: Scope | undefined;
  /** The last attempt has started something: the next one must know what became of it. */
  #startedMore = false;

  constructor(run: Performance) {
    super();
    this.#run = run;
    this.#admission = run.definition.gated ? admissionOf(run) : undefined;
  }

  async perform(): Promise<Outcome<unknown>> {
    // Nothing is awaited before a new run is given to the writer: runs are written in the order of their calls.
    const waits = this.#run.handle.state.type === 'SCHEDULED';
    // A failure to write it is met again by the next write.
    if (this.#admission !== undefined) this.#run.handle.commit().catch(() => undefined);
    try {
      const backedOff = waits ? await this.#backoff() : undefined;
      const early = backedOff ?? (await this.#start()) ?? this.#ended();
      if (early !== undefined) return early;
      if (this.#run.definition.retry.limit > 0) {
        return await retried(
          async () => this.#recorded(await this.#attempt()),
          (end) => this.#without(end),
        );
      }
      const only = await this.#recorded(await this.#attempt());
      return 'ok' in only ? only : ((await this.#without(only)) as Failed);
    } finally {
      this.stopListening();
      this.#run.cancellation.end();
      if (this.#admission !== undefined) await this.#admission.settled();
    }
  }

  /** Makes an attempt. What it came to is then to be recorded. */
  #attempt(): Promise<AttemptEnd> {
    const { execution, handle, cancellation } = this.#run;
    const { reason } = cancellation;
    if (reason !== undefined) return this.#notMade(reason);
    const scope = new Scope(this.#run, this.#admission);
    this.#scope = scope;
    cancellation.listen(this);
    // What an earlier process or try left is forgotten with the attempt, whether or not its code asks for it.
    this.#startedMore = execution.remembered.has(handle.run.id);
    return this.#admission === undefined
      ? this.#made(scope)
      : this.#leaving(scope, this.#admission);
  }

  async #notMade(reason: Error): Promise<AttemptEnd> {
    await this.#admission?.leave();
    return { kind: 'aborted', reason };
  }

  /** Records how an attempt ended, where it gave a value: that is the outcome of the run. */
  #recorded(end: AttemptEnd): Promise<Outcome<unknown> | WithoutValue> | WithoutValue {
    const scope = this.#scope;
    if (scope !== undefined) {
      this.#scope = undefined;
      this.stopListening();
      this.#failedTasks = scope.accountable ? scope.accounts.failed : 0;
      this.#startedMore ||= scope.started;
    }
    if (end.kind !== 'returned') return end;
    const { value } = end;
    const failedTasks = this.#failedTasks;
    return complete({ run: this.#run, value, failedTasks, admission: this.#admission });
  }

  async #leaving(scope: Scope, admission: Admission): Promise<AttemptEnd> {
    try {
      return await this.#made(scope);
    } finally {
      await admission.leave();
    }
  }

  #made(scope: Scope): Promise<AttemptEnd> {
    const { args } = this.#run;
    return attemptSpans.hasSubscribers
      ? withinAttemptSpan(scope, () => makeAttempt(scope, args))
      : makeAttempt(scope, args);
  }

  /** Shows that a run was asked to stop while its function goes on. */
  aborted(reason: Error): void {
    const { execution, handle } = this.#run;
    const { type } = handle.state;
    if (execution.abandoned !== undefined || (type !== 'RUNNING' && type !== 'PAUSED')) return;
    // As with a timeout: nobody asked for it, and a crash meanwhile makes no cancel of it.
    if (reason instanceof TimeOver) return;
    handle.stage({ type: 'requestCancel', ...stopFor(reason) });
    // A failure to write it is met again by the write of the outcome.
    handle.commit().catch(() => undefined);
  }

  /** Records an attempt without a value. Undefined: the next attempt may begin. */
  async #without(end: WithoutValue): Promise<Outcome<unknown> | undefined> {
    if (end.kind === 'aborted') return this.#stopped(end.reason);
    const { execution, handle, definition } = this.#run;
    const { engine } = execution;
    const { run } = handle;
    const error = toFailure(end.error, engine.scrubber.scrub);
    const thrown = errorOf(end.error);
    this.#lastError = scrubError(thrown, engine.scrubber.scrub) ? thrown : fromFailure(error);
    const info = {
      attempt: run.attempts,
      elapsed: engine.clock.now() - (run.startedAt ?? run.createdAt),
    };
    this.#retry = decideRetry(definition.retry, end.error, info, randomFraction(engine.random));
    const event: RunEvent = { type: end.kind === 'threw' ? 'fail' : 'timeOut', error };
    const { reason } = this.#run.cancellation;
    const asked = reason !== undefined && !(reason instanceof TimeOver);
    const noRoom = this.#retry.retry ? noRoomForRetry(this.#run, this.#lastError) : undefined;
    goOn(handle);
    await handle.apply(event, {
      retry: this.#retry,
      ...(asked ? { cancelReason: reasonOf(reason) } : {}),
      ...(noRoom === undefined ? {} : { timeOver: noRoom }),
    });
    if (noRoom !== undefined && handle.state.type === 'FAILED') this.#lastError = noRoom.error;
    if (this.#admission !== undefined) await this.#admission.settled();
    if (handle.state.type === 'CANCELLING') return this.#stopped(reason as Error);
    this.#tellOfRetry();
    return this.#ended() ?? (await this.#backoff()) ?? (await this.#again());
  }

  #tellOfRetry(): void {
    const { execution, handle } = this.#run;
    const { state, run } = handle;
    if (state.name !== 'AwaitingRetry') return;
    const wait = spanText(Math.max(0, state.dueAt - execution.clock.now()));
    const message = `attempt ${run.attempts} failed; the next one is due in ${wait}`;
    tellOfRun(execution, handle, 'warn', message, { err: this.#lastError });
  }

  async #again(): Promise<Outcome<unknown> | undefined> {
    const { execution, handle } = this.#run;
    if (this.#startedMore && execution.abandoned === undefined) {
      await execution.reload(handle.run.id);
    }
    return (await this.#start()) ?? this.#ended();
  }

  /** The outcome, if the run has one; with the original error where this process saw it. */
  #ended(): Failed | undefined {
    const { state, run } = this.#run.handle;
    if (!isTerminal(state)) return undefined;
    const failure = failureOf(state, run.name);
    return state.type === 'FAILED' && this.#lastError !== undefined
      ? { ...failure, error: this.#lastError }
      : failure;
  }

  /** Waits for the retry that is due, if one is; gives an outcome when the run was told to stop meanwhile. */
  async #backoff(): Promise<Failed | undefined> {
    const { execution, handle, cancellation } = this.#run;
    const { state } = handle;
    const wait = state.type === 'SCHEDULED' ? state.dueAt - execution.clock.now() : 0;
    if (wait <= 0) return undefined;
    const reason = await waitUnlessAborted(execution.clock, wait, cancellation);
    return reason === undefined ? undefined : this.#stopped(reason);
  }

  /** Passes the gates; gives an outcome when one of them ends the run, or it was told to stop meanwhile. */
  async #admitted(admission: Admission): Promise<Outcome<unknown> | undefined> {
    const early = await admission.enter();
    const { reason } = this.#run.cancellation;
    if (early !== undefined || reason === undefined) return early;
    await admission.leave();
    return this.#stopped(reason);
  }

  /** Looks whether a run that starts fits into its time; gives an outcome when it is skipped, or was told to stop meanwhile. */
  async #fits(bound: Bound): Promise<Outcome<unknown> | undefined> {
    const skipped = await skipUnlessFits(this.#run, bound);
    const { reason } = this.#run.cancellation;
    if (skipped === undefined && reason === undefined) return undefined;
    await this.#admission?.leave();
    return skipped ?? this.#stopped(reason as Error);
  }

  /** Starts an attempt; gives an outcome when something keeps the run from it. Rules may have ended the run by then. */
  #start(): Promise<Outcome<unknown> | undefined> {
    const { cancellation, bound } = this.#run;
    return this.#admission === undefined && bound === undefined && cancellation.reason === undefined
      ? this.#begin()
      : this.#beginIfFree();
  }

  #begin(): Promise<undefined> {
    const { handle, dependsOn } = this.#run;
    return handle.apply({ type: 'start' }, dependsOn === undefined ? undefined : { dependsOn });
  }

  async #beginIfFree(): Promise<Outcome<unknown> | undefined> {
    const { handle, cancellation, bound } = this.#run;
    if (cancellation.reason !== undefined) return this.#stopped(cancellation.reason);
    let early = this.#admission && (await this.#admitted(this.#admission));
    if (bound !== undefined && early === undefined && handle.run.startedAt === undefined) {
      early = await this.#fits(bound);
    }
    return early ?? this.#begin();
  }

  /** The run was told to stop: by a cancel, by the end of its time, by the engine's stop, or because its lease is lost. */
  async #stopped(reason: Error): Promise<Failed> {
    const { execution, handle } = this.#run;
    if (execution.halted !== undefined) return failed('CANCELLED', execution.halted);
    if (execution.stopped !== undefined) {
      const { type } = handle.state;
      if (type === 'RUNNING') await handle.apply({ type: 'interrupt', crashed: false });
      return failed('CANCELLED', execution.stopped);
    }
    if (reason instanceof TimeOver) return this.#outOfTime(reason);
    const why = stopFor(reason);
    if (handle.state.type === 'RUNNING') handle.stage({ type: 'requestCancel', ...why });
    if (!isTerminal(handle.state)) await handle.apply({ type: 'cancelled', ...why });
    return this.#ended() as Failed;
  }

  /** Its time, or that of what started it, is over. */
  async #outOfTime({ bound }: TimeOver): Promise<Failed> {
    this.#lastError = await endOutOfTime(this.#run, bound, this.#lastError);
    return this.#ended() as Failed;
  }
}

/** Executes a run that is PENDING or SCHEDULED, to its outcome, which is committed when this resolves. Throws only when the store does. */
export function perform(run: Performance): Promise<Outcome<unknown>> {
  const performer = new Performer(run);
  return runSpans.hasSubscribers
    ? withinRunSpan(run, () => performer.perform())
    : performer.perform();
}
