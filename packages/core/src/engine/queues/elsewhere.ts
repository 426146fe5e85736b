import { isTimeout, reasonOf } from '../../errors/errors.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { TimeOver } from '../../errors/time-errors.ts';
import { sleep } from '../../clock/clock.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { Run } from '../../model/run.ts';
import { Cancellation } from '../cancellation.ts';
import { endElsewhere, type LeftEnding } from '../left-runs.ts';
import { failed } from '../outcomes.ts';
import { perform } from '../perform.ts';
import type { Performance } from '../performance.ts';
import { replayedOutcome } from '../replayed-outcome.ts';
import { outOfTime } from '../time/ending.ts';
import { endedRun } from '../waiting/ended-elsewhere.ts';

/** How long until the store is asked again that could not be read, in milliseconds. */
const ASK_AGAIN = 1000;

/** Waits until whoever executes a run has brought it to its end, however long the store cannot be read meanwhile. */
async function untilEnded({ execution, handle }: Performance, signal: AbortSignal): Promise<Run> {
  const { engine, clock } = execution;
  for (;;) {
    try {
      return await endedRun(engine, handle.run.id, signal);
    } catch (error) {
      if (signal.aborted || !isHoldfastError(error) || !error.retryable) throw error;
      engine.logger.warn({ runId: handle.run.id, err: error }, 'the end of a run has to wait');
      await sleep(clock, ASK_AGAIN, signal);
    }
  }
}

/** The run was told to stop, or its flow was: whoever executes it ends it, or, where nobody does, this engine. */
async function stopped(run: Performance, reason: Error): Promise<Outcome<unknown>> {
  const { execution, handle, definition } = run;
  const { halted, stopped: leaving, engine } = execution;
  // It goes on: the flow finds what came of it when it is taken up again.
  if (halted !== undefined) return failed('CANCELLED', halted);
  if (leaving !== undefined) return failed('CANCELLED', leaving);
  const over = reason instanceof TimeOver;
  const cutOff = isTimeout(reason) ? { cutOff: true } : {};
  const ending: LeftEnding = over
    ? (each) => outOfTime(engine, each, reason.bound)
    : { type: 'cancelled', reason: reasonOf(reason), ...cutOff };
  try {
    // Who executes it knows the time, too, and ends it rightly.
    const ended = await endElsewhere(
      execution,
      handle.run,
      ending,
      over ? 2 * definition.grace : 0,
    );
    return await replayedOutcome(execution, ended, new Cancellation());
  } catch (error) {
    if (error !== execution.abandoned) throw error;
    return failed('CANCELLED', error as Error);
  }
}

/**
 * Lets a run be executed by whoever works on its queue: writes it as SCHEDULED there, unless an earlier process has, and
 * waits for its end. Holds nothing meanwhile but its place in groups. Throws only when the store does.
 */
export async function performElsewhere(run: Performance): Promise<Outcome<unknown>> {
  const { execution, handle, cancellation, dependsOn } = run;
  if (handle.written !== handle.run.version) {
    if (cancellation.reason !== undefined) return perform(run);
    const event = { type: 'schedule', dueAt: execution.clock.now() } as const;
    await handle.apply(event, dependsOn === undefined ? {} : { dependsOn });
  }
  const waiting = new AbortController();
  const stopListening = cancellation.onAbort((reason) => waiting.abort(reason));
  try {
    const ended = await untilEnded(run, waiting.signal);
    return await replayedOutcome(execution, ended, cancellation);
  } catch (error) {
    const { reason } = cancellation;
    if (reason === undefined || error !== reason) throw error;
  } finally {
    stopListening();
  }
  return stopped(run, cancellation.reason as Error);
}
