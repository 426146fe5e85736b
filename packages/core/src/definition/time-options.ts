import { optionsInvalid } from '../errors/errors.ts';
import { durationMs, type Duration } from '../model/duration.ts';
import type { Deadline, TimeLimits } from '../policies/deadline.ts';
import type { IfWontFit } from '../policies/fitting.ts';
import { checkWindow, type TimeWindow } from '../policies/window.ts';
import type { GivenOptions } from './definition.ts';

function deadlineOf(what: string, value: unknown): Deadline | undefined {
  if (value === undefined) return undefined;
  if (value instanceof Date) {
    const at = value.getTime();
    if (Number.isFinite(at)) return { at };
    throw optionsInvalid(what, 'its deadline is no valid date', 'Give a duration, or a Date.');
  }
  const after = durationMs(value as Duration, `${what}: deadline`);
  if (after > 0) return { after };
  throw optionsInvalid(what, 'a deadline of 0 would let nothing run', 'Leave it out for no bound.');
}

/**
 * Checks what bounds the runs of a definition.
 *
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function timeLimitsOf(
  what: string,
  options: GivenOptions,
): TimeLimits & { readonly ifWontFit: IfWontFit } {
  const window = options['window'] as TimeWindow | undefined;
  const { ifWontFit = 'start' } = options;
  if (ifWontFit !== 'start' && ifWontFit !== 'skip') {
    throw optionsInvalid(what, "ifWontFit must be 'start' or 'skip'", 'Correct the option.');
  }
  return {
    deadline: deadlineOf(what, options['deadline']),
    window: window === undefined ? undefined : checkWindow(window, what),
    ifWontFit,
  };
}
