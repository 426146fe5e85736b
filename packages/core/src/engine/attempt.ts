import pTimeout from 'p-timeout';
import type { Clock, Timer } from '../clock/clock.ts';
import { parentFailed, timedOut } from '../errors/errors.ts';
import { TimeOver } from '../errors/time-errors.ts';
import type { Definition } from '../definition/definition.ts';
import { AbortListener } from './cancellation.ts';
import type { EngineOptions } from './engine-options.ts';
import { resolveReturned } from './inputs.ts';
import { inScope, type Scope } from './scope.ts';
import { withUnobserved, type CodeEnd } from './unobserved.ts';
import { settleUnreached } from './unreached.ts';

/** How an attempt ended. `aborted`: it was told to stop from outside (cancel, stop, lost lease). */
export type AttemptEnd =
  | CodeEnd
  | { readonly kind: 'timed-out'; readonly error: Error }
  | { readonly kind: 'aborted'; readonly reason: Error };

/** What a function gives; a rejection also of what it throws at once. */
function called({ fn, self }: Definition, args: readonly unknown[]): Promise<unknown> {
  try {
    return Promise.resolve(Reflect.apply(fn, self, args));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A flow has ended when the futures in what it returns have. */
async function returnedBy(scope: Scope, work: Promise<unknown>): Promise<unknown> {
  const value = await work;
  return scope.rest(resolveReturned(value));
}

async function calledWithin(
  around: NonNullable<EngineOptions['aroundAttempt']>,
  { definition, run }: Scope,
  args: readonly unknown[],
): Promise<unknown> {
  const { id: runId, kind, name, attempts: attempt } = run;
  return around({ runId, kind, name, attempt }, () => called(definition, args));
}

function invoke(scope: Scope, args: readonly unknown[]): Promise<unknown> {
  const { definition, execution } = scope;
  const { aroundAttempt } = execution.engine;
  const work =
    aroundAttempt === undefined
      ? called(definition, args)
      : calledWithin(aroundAttempt, scope, args);
  return definition.kind === 'task' ? work : returnedBy(scope, work);
}

/** The clock's timers in the form that p-timeout takes. */
function timersOf(clock: Clock): {
  setTimeout: typeof setTimeout;
  clearTimeout: typeof clearTimeout;
} {
  return {
    setTimeout: ((callback: () => void, ms: number) => clock.setTimer(ms, callback)) as never,
    clearTimeout: (timer: unknown) => (timer as Timer).clear(),
  };
}

/** Resolves when the work has settled, or when its grace is over. */
function settledOrGraceOver(scope: Scope, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = scope.execution.clock.setTimer(scope.definition.grace, resolve);
    const finish = (): void => {
      timer.clear();
      resolve();
    };
    work.then(finish, finish);
  });
}

/** Waits for the function of an attempt: for its end, or for the end of its grace after it was told to stop. */
class Attempt extends AbortListener {
  readonly ended: Promise<AttemptEnd>;
  readonly #scope: Scope;
  readonly #resumed: boolean;
  readonly #work: Promise<unknown>;
  #timeoutError: Error | undefined;
  #grace: Timer | undefined;
  #resolve!: (end: AttemptEnd | Promise<AttemptEnd>) => void;

  constructor(scope: Scope, args: readonly unknown[]) {
    super();
    this.#scope = scope;
    this.#resumed = scope.run.state.name === 'Resumed';
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#work = inScope(scope, invoke, scope, args);
    const bounded = this.#bounded();
    scope.cancellation.listen(this);
    bounded.then(
      (value) => this.#end({ kind: 'returned', value }),
      (error: unknown) => this.#rejected(error),
    );
  }

  aborted(reason: Error): void {
    if (reason === this.#timeoutError) return;
    const { execution, definition } = this.#scope;
    this.#grace = execution.clock.setTimer(definition.grace, () =>
      this.#end({ kind: 'aborted', reason }),
    );
  }

  /** The work, bounded by the definition's timeout, if it has one. */
  #bounded(): Promise<unknown> {
    const { definition, execution, cancellation } = this.#scope;
    const { timeout } = definition;
    if (timeout === undefined) return this.#work;
    return pTimeout(this.#work, {
      milliseconds: timeout,
      fallback: () => {
        this.#timeoutError = timedOut(`An attempt of '${definition.name}'`, timeout);
        cancellation.abort(this.#timeoutError);
        throw this.#timeoutError;
      },
      customTimers: timersOf(execution.clock),
    });
  }

  #rejected(error: unknown): void {
    const { reason } = this.#scope.cancellation;
    const timeoutError = this.#timeoutError;
    if (timeoutError !== undefined && error === timeoutError && reason === timeoutError) {
      void this.#timedOut(timeoutError);
    } else {
      this.#end(reason === undefined ? { kind: 'threw', error } : { kind: 'aborted', reason });
    }
  }

  async #timedOut(error: Error): Promise<void> {
    await settledOrGraceOver(this.#scope, this.#work);
    this.#end({ kind: 'timed-out', error });
  }

  #end(end: AttemptEnd): void {
    this.stopListening();
    this.#grace?.clear();
    this.#resolve(accountedFor(this.#scope, end, this.#resumed));
  }
}

/** What is outstanding has ended, and nothing can be started any more: what came of the attempt. */
function verdict(scope: Scope, end: AttemptEnd): AttemptEnd {
  const { reason } = scope.cancellation;
  // A value that comes after the end of its time may be what the function gave up with.
  if (end.kind === 'returned' && reason instanceof TimeOver) return { kind: 'aborted', reason };
  if (end.kind !== 'returned' && end.kind !== 'threw') return end;
  if (!scope.accountable && end.kind === 'returned') return end;
  const accounted = withUnobserved(scope.definition.name, scope.accounts, end);
  if (accounted.kind !== 'threw' || !scope.gaveUp(accounted.error)) return accounted;
  return { kind: 'timed-out', error: accounted.error };
}

/** Waits for what the attempt has started, and settles what it was to take over. */
async function afterTheRest(scope: Scope, end: AttemptEnd, resumed: boolean): Promise<AttemptEnd> {
  if (end.kind === 'threw')
    scope.cancellation.abort(parentFailed(scope.definition.name, end.error));
  if (end.kind !== 'returned') scope.close();
  if (scope.accounts.busy) await scope.rest(scope.accounts.join());
  scope.close();
  const { halted, stopped, remembered } = scope.execution;
  if (halted !== undefined) return { kind: 'aborted', reason: halted };
  if (stopped !== undefined && (scope.interrupted || end.kind === 'aborted')) {
    return { kind: 'aborted', reason: stopped };
  }
  if (remembered.has(scope.run.id)) {
    await settleUnreached(scope, resumed && end.kind !== 'aborted');
  }
  return verdict(scope, end);
}

/** How an attempt ended, given how its function did. At once where nothing is left to do about it. */
function accountedFor(
  scope: Scope,
  end: AttemptEnd,
  resumed: boolean,
): AttemptEnd | Promise<AttemptEnd> {
  const { execution, run } = scope;
  const settled =
    end.kind === 'returned' &&
    !(scope.accountable && scope.accounts.busy) &&
    execution.abandoned === undefined &&
    !execution.remembered.has(run.id);
  if (!settled) return afterTheRest(scope, end, resumed);
  scope.close();
  return verdict(scope, end);
}

/**
 * Makes one attempt. It ends when the function has, and everything it started: on failure, what is
 * outstanding is cancelled and waited for. A function that ignores its signal is waited for during its grace;
 * after that its context throws.
 */
export function makeAttempt(scope: Scope, args: readonly unknown[]): Promise<AttemptEnd> {
  return new Attempt(scope, args).ended;
}
