import type { JsonValue } from '../model/json.ts';
import { HoldfastError } from './holdfast-error.ts';

/** Options or arguments of a definition that make no sense: thrown when it is defined. */
export function optionsInvalid(what: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `${what}: ${problem}.`, { hint, retryable: false });
}

/** An attempt took too long. */
export function timedOut(what: string, ms: number): HoldfastError {
  return new HoldfastError('TIMED_OUT', `${what} did not end within ${ms} ms.`, {
    hint: 'Raise its timeout, or find out what it waits for.',
    context: { timeoutMs: ms },
  });
}

/** Whether something was told to stop because an attempt took too long. */
export function isTimeout(reason: Error): boolean {
  return reason instanceof HoldfastError && reason.code === 'TIMED_OUT';
}

/** Somebody asked for a run to stop. */
export function cancelled(what: string, reason: string): HoldfastError {
  return new HoldfastError('CANCELLED', `${what} was cancelled: ${reason}.`, {
    retryable: false,
    context: { reason },
  });
}

/** Why something was told to stop, as a text for the run's state. */
export function reasonOf(error: Error): string {
  const { code, context } = error as { code?: unknown; context?: { readonly reason?: unknown } };
  if (code === 'CANCELLED' && typeof context?.reason === 'string') return context.reason;
  return error.message.replace(/\.$/, '');
}

/** The engine that executed a run was stopped; the run can be taken up again. */
export function engineStopped(): HoldfastError {
  return new HoldfastError('ENGINE_STOPPED', 'The engine was stopped.', {
    hint: 'Runs that were under way go on with engine.recover(), in this or another process.',
    retryable: false,
  });
}

/** Another process holds the run now. */
export function leaseLost(rootId: string): HoldfastError {
  return new HoldfastError(
    'LEASE_LOST',
    `The lease of run ${rootId} was taken over by another holder.`,
    {
      hint: 'This process was taken for dead, or slept too long. The other holder goes on with the run.',
      retryable: false,
      context: { rootId },
    },
  );
}

/** Two functions under one name in one run. */
export function nameReused(kind: string, name: string, run: string): HoldfastError {
  return new HoldfastError(
    'NAME_REUSED',
    `Two different ${kind}s named '${name}' were started by '${run}'.`,
    {
      hint: 'Give one of them another name: a resume finds runs by name and key.',
      retryable: false,
      context: { name },
    },
  );
}

/** What had started a run failed, and takes it along. */
export function parentFailed(name: string, cause: unknown): HoldfastError {
  return new HoldfastError('PARENT_FAILED', `'${name}', which had started it, failed.`, {
    retryable: false,
    cause,
  });
}

/** A task was started by code whose run has ended. */
export function runEnded(task: string, run: string): HoldfastError {
  return new HoldfastError(
    'RUN_ENDED',
    `'${task}' was started after the run of '${run}' had ended.`,
    {
      hint: 'Await what a flow starts before it returns; code that outlives its timeout can start nothing.',
      retryable: false,
    },
  );
}

/** Code that outlived its attempt asks something of its context. */
export function attemptOver(run: string): HoldfastError {
  return new HoldfastError(
    'RUN_ENDED',
    `The context of '${run}' was used after the attempt had ended.`,
    {
      hint: 'End when the signal of the context aborts, and before what awaits you returns.',
      retryable: false,
    },
  );
}

/** Code waits for something that ends only when that code has. */
export function waitsOnItself(what: string, run: string): HoldfastError {
  return new HoldfastError(
    'RUN_WAITS_ON_ITSELF',
    `${what} was waited for within '${run}', which has to end first.`,
    {
      hint: 'A run ends after everything it has started: wait for it in the code that started it.',
      retryable: false,
      context: { run },
    },
  );
}

/** A run that was skipped, and why: `reason` is a whole sentence. */
export function skipped(
  name: 'UpstreamFailed' | 'NotNeeded' | 'Overlap' | 'WontFit',
  reason: string,
  cause?: Error,
): HoldfastError {
  const caused = cause === undefined ? {} : { cause };
  return name === 'UpstreamFailed'
    ? new HoldfastError('UPSTREAM_FAILED', reason, {
        hint: 'Use allowFailure() where a failed input is acceptable.',
        // A flow may try again where that may help what the task needs.
        retryable: (cause as { retryable?: unknown } | undefined)?.retryable !== false,
        ...caused,
      })
    : new HoldfastError('SKIPPED', reason, { retryable: false, context: { name }, ...caused });
}

/** An event that cannot happen in the state a run is in. */
export function illegalTransition(
  what: string,
  reason: string,
  context: { readonly [key: string]: JsonValue },
): HoldfastError {
  return new HoldfastError('ILLEGAL_TRANSITION', `${what}: ${reason}.`, {
    hint: 'The run was changed by somebody else, or this is a fault in the engine.',
    retryable: false,
    context,
  });
}

/** No run with this id. */
export function runUnknown(id: string): HoldfastError {
  return new HoldfastError('RUN_UNKNOWN', `There is no run ${id}.`, {
    hint: 'Check the id, and that this is the run store that it was made in.',
    retryable: false,
    context: { runId: id },
  });
}

/** A run that has not ended, where only an ended one will do. */
export function runNotEnded(name: string, id: string): HoldfastError {
  return new HoldfastError('RUN_NOT_ENDED', `The run '${name}' (${id}) has not ended.`, {
    hint: 'Wait for its end, or cancel it first; engine.recover() takes it up if its process has died.',
    context: { runId: id },
  });
}

/** A flow that this engine does not know by name. */
export function flowUnknown(name: string): HoldfastError {
  return new HoldfastError('FLOW_UNKNOWN', `This engine knows no flow '${name}'.`, {
    hint: 'Give it to createEngine({ flows: [ … ] }).',
    retryable: false,
    context: { name },
  });
}

/** A run that another process, or another engine, holds at present. */
export function runHeld(id: string): HoldfastError {
  return new HoldfastError('RUN_HELD', `Run ${id} is held by another process.`, {
    hint: 'Wait until it is done with the run; when it dies, its lease expires.',
    context: { runId: id },
  });
}

/** A run that belongs to another one and cannot be cancelled by its id. */
export function notTopLevel(name: string, id: string): HoldfastError {
  return new HoldfastError(
    'NOT_TOP_LEVEL',
    `The run '${name}' (${id}) was started by another run.`,
    {
      hint: 'Cancel its future in the code that started it, or the top-level run.',
      retryable: false,
      context: { runId: id },
    },
  );
}
