import type { RunBounds } from '../model/bounds.ts';
import type { EpochMs } from '../model/state.ts';
import type { CheckedWindow } from './window.ts';

/** When a run must have ended: so many milliseconds after it was made, or at a time. */
export type Deadline = { readonly after: number } | { readonly at: EpochMs };

/** What bounds the runs of a definition. */
export interface TimeLimits {
  readonly deadline: Deadline | undefined;
  readonly window: CheckedWindow | undefined;
}

const NONE: { readonly bounds?: RunBounds } = Object.freeze({});

/**
 * What bounds a generation of a run that is made now, as the field of its record; empty when nothing does.
 *
 * @param due the time that it is made for, where that is another
 */
export function boundsFor(
  { deadline, window }: TimeLimits,
  now: EpochMs,
  due: EpochMs = now,
): { readonly bounds?: RunBounds } {
  if (deadline === undefined && window === undefined) return NONE;
  const end = deadline && ('at' in deadline ? deadline.at : now + deadline.after);
  return {
    bounds: {
      ...(end === undefined ? {} : { deadline: end }),
      ...(window === undefined ? {} : { window: window.spanAt(due) }),
    },
  };
}
