import { timeOverError, type HowFar } from '../../errors/time-errors.ts';
import type { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Bound } from '../../model/bounds.ts';
import type { Run } from '../../model/run.ts';
import type { RunEvent } from '../../model/run-event.ts';
import { isTerminal, type EpochMs } from '../../model/state.ts';
import { fromFailure, toFailure } from '../../serial/failure-codec.ts';
import type { EngineCore } from '../engine-core.ts';
import type { Performance } from '../performance.ts';
import { endOpenBelow } from '../left-runs.ts';

/** How a run ends whose time is over: what happens to it, and the error of it in this process. */
interface Ending {
  readonly event: RunEvent;
  readonly error: HoldfastError;
}

/** @param failed what its last attempt failed with, where the next one has not begun */
function endingOf(engine: EngineCore, run: Run, bound: Bound, failed?: Error): Ending {
  const started = run.startedAt !== undefined;
  const begun: HowFar = started ? 'under-way' : 'not-started';
  const error = timeOverError(run.name, bound, failed === undefined ? begun : 'retry', failed);
  const failure = toFailure(error, engine.scrubber.scrub);
  if (bound.kind === 'deadline') return { event: { type: 'timeOut', error: failure }, error };
  return { event: { type: started ? 'closeWindow' : 'missWindow', error: failure }, error };
}

/** What happens to a run whose time is over. */
export function outOfTime(engine: EngineCore, run: Run, bound: Bound): RunEvent {
  return endingOf(engine, run, bound).event;
}

/** From when on a retry starts too late, and how its run ends then. */
interface NoRoom {
  readonly at: EpochMs;
  readonly ending: RunEvent;
  readonly error: HoldfastError;
}

/**
 * How a run ends whose attempt has failed, if its time is over before the next one could begin. Undefined where nothing
 * bounds it.
 */
export function noRoomForRetry(run: Performance, failed: Error): NoRoom | undefined {
  const { bound, execution, handle } = run;
  if (bound === undefined) return undefined;
  const { event, error } = endingOf(execution.engine, handle.run, bound, failed);
  return { at: bound.at, ending: event, error };
}

/** What a run that waits for its next attempt failed with. */
function failedBefore({ handle }: Performance, lastError: Error | undefined): Error | undefined {
  const { state } = handle;
  if (state.type !== 'SCHEDULED') return undefined;
  const stored = state.name === 'AwaitingRetry' ? fromFailure(state.error) : undefined;
  return lastError ?? stored;
}

/**
 * Ends a run whose time is over. What a process left below it that died ends first. Gives the error that it ends with.
 *
 * @param lastError what its last attempt failed with in this process
 */
export async function endOutOfTime(
  run: Performance,
  bound: Bound,
  lastError: Error | undefined,
): Promise<Error> {
  const { execution, handle, dependsOn } = run;
  const { engine } = execution;
  const below = (child: Run): RunEvent => outOfTime(engine, child, bound);
  await endOpenBelow(execution, handle.run.id, below);
  const { event, error } = endingOf(engine, handle.run, bound, failedBefore(run, lastError));
  if (!isTerminal(handle.state)) {
    await handle.apply(event, dependsOn === undefined ? {} : { dependsOn });
  }
  return error;
}
