import type { Outcome } from '../model/outcome.ts';
import type { Run } from '../model/run.ts';
import type { Cancellation } from './cancellation.ts';
import type { Execution } from './execution.ts';
import { tellOfRun } from './notes/run-logger.ts';
import { failed, outcomeOf } from './outcomes.ts';
import { RunHandle } from './run-handle.ts';

/**
 * How a run ended that is not executed again: at once, but for a result that has to be read. Where that cannot be read the
 * execution is halted, and left to a recovery: the run completed, and whatever code made of the error would be untrue.
 *
 * @param cancellation ends the waiting
 */
export function replayedOutcome(
  execution: Execution,
  known: Run,
  cancellation: Cancellation,
): Outcome<unknown> | Promise<Outcome<unknown>> {
  const outcome = outcomeOf(execution.engine, known) as
    | Outcome<unknown>
    | Promise<Outcome<unknown>>;
  if (!(outcome instanceof Promise)) return outcome;
  return new Promise((resolve, reject) => {
    let waits = true;
    const stopListening = cancellation.onAbort((reason) => {
      waits = false;
      resolve(failed('CANCELLED', reason));
    });
    outcome.then(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error: unknown) => {
        stopListening();
        if (!waits) return;
        const left = 'its result could not be read: what needs it is left to a recovery';
        tellOfRun(execution, RunHandle.read(execution, known), 'error', left, { err: error });
        reject(execution.halt(error as Error));
      },
    );
  });
}
