import type { EpochMs } from '../model/state.ts';

/** What is done with work that will not fit into the time that is left: see `RunOptions.ifWontFit`. */
export type IfWontFit = 'start' | 'skip';

/** Whether work that is about to start fits into what is left of the time, and what that is judged by. Spans in milliseconds. */
export interface Fitting {
  /** True as well where nothing is known of the past, and where nothing bounds the time. */
  readonly fits: boolean;
  /** How long it usually takes: nine of ten runs took no longer. Absent where no run is known. */
  readonly usual?: number;
  /** How many runs that is known from. */
  readonly samples: number;
  /** How much time is left. Absent where nothing bounds it. */
  readonly remaining?: number;
}

/** One run of the past that completed. */
export interface PastRun {
  readonly key: string | undefined;
  /** Milliseconds. */
  readonly duration: number;
}

/** Where a key has fewer runs than this, all runs of the name are looked at. */
const ENOUGH = 3;
const USUAL = 0.9;

/** The duration that nine of ten were within; undefined of none. */
function usualOf(durations: readonly number[]): number | undefined {
  const sorted = durations.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * USUAL) - 1];
}

/**
 * Holds what work usually takes against what is left. Pure.
 *
 * @param past runs of its name
 * @param key where enough of them have this key, they alone count
 * @param until when the time is over; undefined: never
 */
export function fitting(
  past: readonly PastRun[],
  key: string | undefined,
  now: EpochMs,
  until: EpochMs | undefined,
): Fitting {
  const alike = key === undefined ? [] : past.filter((run) => run.key === key);
  const counted = alike.length >= ENOUGH ? alike : past;
  const usual = usualOf(counted.map(({ duration }) => duration));
  const remaining = until === undefined ? undefined : Math.max(0, until - now);
  return {
    fits: usual === undefined || remaining === undefined || usual <= remaining,
    ...(usual === undefined ? {} : { usual }),
    samples: counted.length,
    ...(remaining === undefined ? {} : { remaining }),
  };
}
