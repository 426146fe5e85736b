import { HoldfastError } from './holdfast-error.ts';

/** As much of a run as these errors name. */
interface Waiter {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
}

function context(
  { id }: Waiter,
  input: string,
): { readonly runId: string; readonly input: string } {
  return { runId: id, input };
}

/** An input was not given in time. */
export function inputTimedOut(run: Waiter, input: string, timeout: number): HoldfastError {
  return new HoldfastError(
    'INPUT_TIMED_OUT',
    `The ${run.kind} '${run.name}' waited ${timeout} ms for the input '${input}', and nobody gave it.`,
    {
      hint: 'Catch it to go on without, raise the timeout, or run it again with engine.retry().',
      retryable: false,
      context: context(run, input),
    },
  );
}

/** A value does not fit what a run waits for. */
export function inputRefused(
  run: Waiter,
  input: string,
  problems: readonly string[],
): HoldfastError {
  return new HoldfastError(
    'INPUT_REFUSED',
    `The value for the input '${input}' of '${run.name}' (${run.id}) does not fit: ${problems.join('; ')}.`,
    {
      hint: 'Correct the value and give it again; the run waits on.',
      retryable: false,
      context: context(run, input),
    },
  );
}

/** Another value was given before. */
export function inputAlreadyGiven(run: Waiter, input: string): HoldfastError {
  return new HoldfastError(
    'INPUT_ALREADY_GIVEN',
    `The input '${input}' of '${run.name}' (${run.id}) was given before, with another value.`,
    {
      hint: 'The first value stays. Let the code ask under another name where it asks again.',
      retryable: false,
      context: context(run, input),
    },
  );
}

/** The run has ended. */
export function inputTooLate(run: Waiter, input: string): HoldfastError {
  return new HoldfastError(
    'INPUT_TOO_LATE',
    `The input '${input}' was given to the run '${run.name}' (${run.id}), which has ended.`,
    {
      hint: 'Run it again with engine.retry(), which asks anew.',
      retryable: false,
      context: context(run, input),
    },
  );
}
