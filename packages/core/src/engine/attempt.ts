import pTimeout from 'p-timeout';
import type { Clock, Timer } from '../clock/clock.ts';
import { parentFailed, timedOut } from '../errors/errors.ts';
import { TimeOver } from '../errors/time-errors.ts';
import { resolveReturned } from './inputs.ts';
import { inScope, type Scope } from './scope.ts';
import { withUnobserved, type CodeEnd } from './unobserved.ts';
import { settleUnreached } from './unreached.ts';

/** How an attempt ended. `aborted`: it was told to stop from outside (cancel, stop, lost lease). */
export type AttemptEnd =
  | CodeEnd
  | { readonly kind: 'timed-out'; readonly error: Error }
  | { readonly kind: 'aborted'; readonly reason: Error };

async function invoke(scope: Scope, args: readonly unknown[]): Promise<unknown> {
  const { definition, run } = scope;
  const call = async (): Promise<unknown> => Reflect.apply(definition.fn, definition.self, args);
  const { aroundAttempt } = scope.execution.engine;
  const { id: runId, kind, name, attempts: attempt } = run;
  const value = await (aroundAttempt?.({ runId, kind, name, attempt }, call) ?? call());
  return definition.kind === 'task' ? value : scope.rest(resolveReturned(value));
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

/** Work bounded by a timeout, and the error of that timeout once it is over. */
interface Bounded {
  promise: Promise<unknown>;
  timeoutError?: Error;
}

/** Bounds the work by the definition's timeout, if it has one. */
function bounded(scope: Scope, work: Promise<unknown>): Bounded {
  const { definition, execution } = scope;
  const { timeout } = definition;
  if (timeout === undefined) return { promise: work };
  const bound: Bounded = { promise: work };
  bound.promise = pTimeout(work, {
    milliseconds: timeout,
    fallback: () => {
      bound.timeoutError = timedOut(`An attempt of '${definition.name}'`, timeout);
      scope.cancellation.abort(bound.timeoutError);
      throw bound.timeoutError;
    },
    customTimers: timersOf(execution.clock),
  });
  return bound;
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

/** Waits for the function: for its end, or for the end of its grace after it was told to stop. */
async function waitForFunction(scope: Scope, args: readonly unknown[]): Promise<AttemptEnd> {
  const work = inScope(scope, () => invoke(scope, args));
  const bound = bounded(scope, work);
  return new Promise((resolve) => {
    let grace: Timer | undefined;
    const stopListening = scope.cancellation.onAbort((reason) => {
      if (reason === bound.timeoutError) return;
      grace = scope.execution.clock.setTimer(scope.definition.grace, () =>
        resolve({ kind: 'aborted', reason }),
      );
    });
    const end = (result: AttemptEnd): void => {
      stopListening();
      grace?.clear();
      resolve(result);
    };
    bound.promise.then(
      (value) => end({ kind: 'returned', value }),
      (error: unknown) => {
        const { reason } = scope.cancellation;
        const { timeoutError } = bound;
        if (timeoutError !== undefined && error === timeoutError && reason === timeoutError) {
          void settledOrGraceOver(scope, work).then(() =>
            end({ kind: 'timed-out', error: timeoutError }),
          );
          return;
        }
        end(reason === undefined ? { kind: 'threw', error } : { kind: 'aborted', reason });
      },
    );
  });
}

/**
 * Makes one attempt. It ends when the function has, and everything it started: on failure, what is
 * outstanding is cancelled and waited for. A function that ignores its signal is waited for during its grace;
 * after that its context throws.
 */
export async function makeAttempt(scope: Scope, args: readonly unknown[]): Promise<AttemptEnd> {
  const resumed = scope.run.state.name === 'Resumed';
  const end = await waitForFunction(scope, args);
  if (end.kind === 'threw')
    scope.cancellation.abort(parentFailed(scope.definition.name, end.error));
  if (end.kind !== 'returned') scope.close();
  if (scope.accounts.busy) await scope.rest(scope.accounts.join());
  scope.close();
  const { halted, stopped } = scope.execution;
  if (halted !== undefined) return { kind: 'aborted', reason: halted };
  if (stopped !== undefined && (scope.interrupted || end.kind === 'aborted')) {
    return { kind: 'aborted', reason: stopped };
  }
  if (scope.execution.remembered.has(scope.run.id)) {
    await settleUnreached(scope, resumed && end.kind !== 'aborted');
  }
  const { reason } = scope.cancellation;
  // A value that comes after the end of its time may be what the function gave up with.
  if (end.kind === 'returned' && reason instanceof TimeOver) return { kind: 'aborted', reason };
  if (end.kind !== 'returned' && end.kind !== 'threw') return end;
  const accounted = withUnobserved(scope.definition.name, scope.accounts, end);
  if (accounted.kind !== 'threw' || !scope.gaveUp(accounted.error)) return accounted;
  return { kind: 'timed-out', error: accounted.error };
}
