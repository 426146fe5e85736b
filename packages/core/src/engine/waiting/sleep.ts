import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { Clock } from '../../clock/clock.ts';
import type { EpochMs } from '../../model/state.ts';
import { waitUnlessAborted, type Cancellation } from '../cancellation.ts';
import type { Scope } from '../scope.ts';
import { stretchIn } from '../stretch.ts';

/** How long it takes at most until a change of the clock is noticed, or that the machine has slept. */
const LOOK_AT_CLOCK = 60_000;

/** The time that a date stands for. Throws `DURATION_INVALID` for none. */
export function timeOf(date: Date): EpochMs {
  const time = date.getTime();
  if (Number.isFinite(time)) return time;
  throw new HoldfastError('DURATION_INVALID', 'The time until which to sleep is no valid date.', {
    hint: 'Give a valid Date, milliseconds, or a text such as 1h30m.',
    retryable: false,
  });
}

/** Waits until a time of the wall clock. Throws the reason when aborted before. */
export async function waitUntil(
  clock: Clock,
  until: EpochMs,
  cancellation: Cancellation,
): Promise<void> {
  for (let left = until - clock.now(); left > 0; left = until - clock.now()) {
    const step = Math.min(left, LOOK_AT_CLOCK);
    const reason = await waitUnlessAborted(clock, step, cancellation);
    if (reason !== undefined) throw reason;
  }
}

/** Lets the code of an attempt sleep until a time; resolves at once where it has passed. */
export async function sleepUntil(scope: Scope, until: EpochMs): Promise<void> {
  const { clock } = scope.execution;
  if (until <= clock.now()) return;
  const { cancellation } = stretchIn(scope);
  const slept = scope.pauses.during({ until }, cancellation, (each) =>
    waitUntil(clock, until, each),
  );
  await scope.waiting(slept);
}
