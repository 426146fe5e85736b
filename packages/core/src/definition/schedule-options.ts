import type { Args } from './callable-types.ts';
import type { Duration } from '../model/duration.ts';
import type { Catchup } from '../policies/catchup.ts';
import type { Times } from '../policies/occurrences.ts';

/** What happens when an occurrence comes and a run of an earlier one has not ended. */
export type Overlap = 'skip' | 'queue' | 'cancelRunning';

/** How a schedule behaves, whatever its times. */
export interface ScheduleRules {
  /** Unique in the store. Default: the flow's name. */
  readonly name?: string;
  /**
   * Occurrences that nobody was there for (the service was down, or busy for more than 15 s): `'none'` starts none of
   * them, `'latest'` the latest, `'all'` each, one after the other, at most the last 1,000. Default `'latest'`.
   */
  readonly catchup?: Catchup;
  /** No occurrence is started later than this after its time. Default no bound. */
  readonly maxLateness?: Duration;
  /**
   * While a run of an earlier occurrence goes on, the new one is recorded as SKIPPED (`'skip'`, the default), waits for
   * its end (`'queue'`), or takes its place (`'cancelRunning'`).
   */
  readonly overlap?: Overlap;
  /**
   * Puts each run on this queue, where whichever engine works on the queue and knows the flow executes it. Default: the
   * engine that starts it executes it.
   */
  readonly queue?: string;
}

type Parameters<A extends readonly unknown[]> = [] extends A
  ? { readonly args?: A | ((at: Date) => A) }
  : {
      /** The arguments of each run; or a function that gives them for the time of an occurrence. */
      readonly args: A | ((at: Date) => A);
    };

/** Options of a schedule of a flow. */
export type ScheduleOptions<F> = Times & ScheduleRules & Parameters<Args<F>>;
