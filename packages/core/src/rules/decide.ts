import type { Run } from '../model/run.ts';
import type { RunEvent } from '../model/run-event.ts';
import { transition, type Transition } from '../model/transition.ts';
import { backoffPastBound } from './backoff-past-bound.ts';
import { cancelRequested } from './cancel-requested.ts';
import { diedWhileCancelling } from './died-while-cancelling.ts';
import { duplicateStart } from './duplicate-start.ts';
import { recoveriesExhausted } from './recoveries-exhausted.ts';
import { retryFailed } from './retry-failed.ts';
import type { Rule, RuleFacts } from './rule.ts';

/** Every rule, in the order in which they are asked. A replaced event is judged by the rules that follow. */
export const RULES: readonly Rule[] = [
  duplicateStart,
  diedWhileCancelling,
  recoveriesExhausted,
  retryFailed,
  cancelRequested,
  backoffPastBound,
];

/** Asks the rules, then the table. Pure. */
export function decide(run: Run, event: RunEvent, facts: RuleFacts): Transition {
  let current = event;
  for (const rule of RULES) {
    if (!rule.on.includes(current.type)) continue;
    const verdict = rule.decide(run, current, facts);
    if (verdict.kind === 'refuse') return { ok: false, reason: verdict.reason };
    if (verdict.kind === 'replace') current = verdict.event;
  }
  return transition(run, current, facts);
}
