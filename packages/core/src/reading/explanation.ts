import type { FirstFailure } from './first-failure.ts';
import type { NamedRun } from './named-run.ts';
import type { RunFacts, StateCounts } from './run-facts.ts';
import type { LeaseHolder } from './run-tree.ts';
import type { RunsAgain } from './runs-again.ts';
import type { Wait } from './wait.ts';

/** What there is to know of a run, whatever has become of it. Data: it can be sent as JSON. */
export interface Explanation {
  /** One English sentence that says what matters. Its wording may change: read the other fields in a program. */
  readonly sentence: string;
  readonly run: RunFacts;
  /** Who has the right to go on with it. Absent when its top-level run has ended, and while that waits on its queue. */
  readonly holder?: LeaseHolder;
  /** The run itself first, then each below it that has not ended. Empty when the run has ended. */
  readonly whatItWaitsFor: readonly Wait[];
  /** Absent when nothing failed. */
  readonly whatFailedFirst?: FirstFailure;
  /** What was undone with its transaction: the run itself and those below it, in the order of the tree. */
  readonly whatWasRolledBack: readonly NamedRun[];
  readonly whatWouldRunAgain: RunsAgain;
  /** Of the runs below it, also those that an earlier try left. */
  readonly counts: StateCounts;
}
