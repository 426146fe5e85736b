import { Calendar } from './calendar.ts';
import { beginsPeriod, type Candidates, most, Reasons, slot } from './candidate.ts';
import { type CalendarSpan, type Period, PERIODS, type ResticPolicy } from './policy.ts';

const SPANS: { readonly [period in Period]: keyof ResticPolicy & `within${string}` } = {
  hourly: 'withinHourly',
  daily: 'withinDaily',
  weekly: 'withinWeekly',
  monthly: 'withinMonthly',
  yearly: 'withinYearly',
};

function inWords(span: CalendarSpan): string {
  const parts = (['years', 'months', 'days', 'hours'] as const).map((unit) => {
    const amount = span[unit] ?? 0;
    if (amount === 0) return '';
    return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

function keepLast(candidates: Candidates, count: number, reasons: Reasons): void {
  for (let at = 0; at < candidates.length && at < count; at++) {
    reasons.add(at, `last ${at + 1}${count === Infinity ? '' : ` of ${count}`}`);
  }
}

function keepPeriods(
  candidates: Candidates,
  rule: { readonly period: Period; readonly count: number },
  reasons: Reasons,
): void {
  const { period, count } = rule;
  const begins = beginsPeriod(candidates, period);
  let kept = 0;
  for (let at = 0; at < candidates.length && kept < count; at++) {
    if (begins(at)) {
      kept += 1;
      reasons.add(at, slot(period, kept, count));
    } else if (at === candidates.length - 1) {
      reasons.add(at, `${period}: the oldest, as the rule has slots left`);
    }
  }
}

/** Newest first, so what lies within comes first. */
function countWithin(candidates: Candidates, span: CalendarSpan | undefined): number {
  const [latest] = candidates;
  if (span === undefined || inWords(span) === '' || latest === undefined) return 0;
  const limit = Calendar.before(latest, span);
  const first = candidates.findIndex((wall) => wall <= limit);
  return first === -1 ? candidates.length : first;
}

function keepWithin(candidates: Candidates, policy: ResticPolicy, reasons: Reasons): void {
  const { within = {} } = policy;
  const all = countWithin(candidates, within);
  for (let at = 0; at < all; at++) reasons.add(at, `within ${inWords(within)} of the latest`);
  for (const period of PERIODS) {
    const span = policy[SPANS[period]] ?? {};
    const reason = `${period} within ${inWords(span)} of the latest`;
    const begins = beginsPeriod(candidates, period);
    const inside = countWithin(candidates, span);
    for (let at = 0; at < inside; at++) {
      if (begins(at) || at === candidates.length - 1) reasons.add(at, reason);
    }
  }
}

/** Counts as {@link ResticPolicy} says. */
export function restic(candidates: Candidates, policy: ResticPolicy): Reasons {
  const reasons = new Reasons(candidates.length);
  keepLast(candidates, most(policy.last), reasons);
  for (const period of PERIODS) {
    const count = most(policy[period]);
    if (count > 0) keepPeriods(candidates, { period, count }, reasons);
  }
  keepWithin(candidates, policy, reasons);
  return reasons;
}
