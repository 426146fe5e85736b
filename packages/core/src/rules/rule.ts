import type { Run } from '../model/run.ts';
import type { RunEvent, RunEventType } from '../model/run-event.ts';
import type { TransitionFacts } from '../model/transition.ts';
import type { EpochMs } from '../model/state.ts';
import type { RetryDecision } from '../policies/retry.ts';

/** What rules may know beside the run and the event. */
export interface RuleFacts extends TransitionFacts {
  /** Set when somebody asked for the run to be cancelled. */
  readonly cancelReason?: string;
  /** What the retry policy says of a failed attempt. */
  readonly retry?: RetryDecision;
  /** When the time of the run is over, and how it ends where that leaves no room for a retry. */
  readonly timeOver?: { readonly at: EpochMs; readonly ending: RunEvent };
  /** How many recoveries are allowed. */
  readonly maxRecoveries?: number;
}

/** What a rule says: let it happen, let something else happen instead, or refuse it. */
export type Verdict =
  | { readonly kind: 'accept' }
  | { readonly kind: 'replace'; readonly event: RunEvent }
  | { readonly kind: 'refuse'; readonly reason: string };

/** A named decision about what may happen to a run. Pure. */
export interface Rule {
  readonly name: string;
  /** The events that it judges; it is silent on all others. */
  readonly on: readonly RunEventType[];
  decide(run: Run, event: RunEvent, facts: RuleFacts): Verdict;
}

export const ACCEPT: Verdict = { kind: 'accept' };
