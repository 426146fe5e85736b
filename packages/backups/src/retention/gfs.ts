import { beginsPeriod, type Candidates, most, Reasons, slot } from './candidate.ts';
import { type GfsPolicy, type Period, PERIODS } from './policy.ts';

function keepPeriods(
  candidates: Candidates,
  rule: { readonly period: Period; readonly count: number; readonly keepsOldest: boolean },
  reasons: Reasons,
): void {
  const { period, count, keepsOldest } = rule;
  const begins = beginsPeriod(candidates, period);
  let kept = 0;
  for (let at = 0; at < candidates.length && kept < count; at++) {
    if (!begins(at) || reasons.has(at)) continue;
    kept += 1;
    reasons.add(at, slot(period, kept, count));
  }
  const oldest = candidates.length - 1;
  if (keepsOldest && kept < count && oldest >= 0 && !reasons.has(oldest)) {
    reasons.add(oldest, `${period}: the oldest, as the rule has slots left`);
  }
}

/** Counts as {@link GfsPolicy} says. */
export function gfs(candidates: Candidates, policy: GfsPolicy): Reasons {
  const reasons = new Reasons(candidates.length);
  const rules = PERIODS.map((period) => ({ period, count: most(policy[period]) }));
  const active = rules.filter(({ count }) => count > 0);
  for (const rule of active) {
    keepPeriods(candidates, { ...rule, keepsOldest: rule === active.at(-1) }, reasons);
  }
  return reasons;
}
