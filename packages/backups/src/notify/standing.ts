/**
 * How a matter stands:
 * - `good`: there is nothing to tell;
 * - `failed`: what should have been done was not: no proven backup;
 * - `late`: the newest copy, or the newest that is restorable, is older than its limit;
 * - `degraded`: there is a proven backup, but less of it than there should be: too few copies, an odd size;
 * - `restore-unproven`: no restore was proven for longer than its limit.
 */
export type Standing = 'good' | 'failed' | 'late' | 'degraded' | 'restore-unproven';

/** Every standing, the gravest first. */
export const STANDINGS: readonly Standing[] = [
  'failed',
  'late',
  'restore-unproven',
  'degraded',
  'good',
];

/** What people are told: that a matter began to stand badly, still does, or is good again. */
export type NoticeKind = Exclude<Standing, 'good'> | 'still-failing' | 'recovered';

/** Every kind of notice. */
export const NOTICE_KINDS: readonly NoticeKind[] = [
  'failed',
  'still-failing',
  'recovered',
  'late',
  'degraded',
  'restore-unproven',
];

/** How soon somebody has to look: now, in the morning, or not at all. */
export type Severity = 'critical' | 'warning' | 'info';

const SEVERITIES: { readonly [standing in Standing]: Severity } = {
  failed: 'critical',
  late: 'critical',
  degraded: 'warning',
  'restore-unproven': 'warning',
  good: 'info',
};

/** How grave a standing is. */
export function severityOf(standing: Standing): Severity {
  return SEVERITIES[standing];
}

/** What is known of a matter from the last time that it was looked at. */
export interface KnownStanding {
  readonly standing: Standing;
  /** Since when it is good, or is not, ISO 8601. */
  readonly since: string;
  /** When people were last told of it, ISO 8601; null: never. */
  readonly toldAt: string | null;
}

/** What follows from how a matter stands now. */
export interface StandingChange {
  /** What people are to be told; null: nothing. */
  readonly kind: NoticeKind | null;
  readonly known: KnownStanding;
}

/**
 * Decides whether people are told. They are when a matter stands badly for the first time, badly in another way, or
 * is good again; and again while it does not change, each time that `remindAfter` has passed.
 *
 * @param before undefined when nothing is known: good news is then no news
 * @param now epoch milliseconds
 * @param remindAfter milliseconds
 */
export function changeOf(
  before: KnownStanding | undefined,
  standing: Standing,
  now: number,
  remindAfter: number,
): StandingChange {
  const time = new Date(now).toISOString();
  const wasGood = before === undefined || before.standing === 'good';
  const isGood = standing === 'good';
  const since = before !== undefined && wasGood === isGood ? before.since : time;
  const kind = kindOf(before, standing, now, remindAfter);
  const toldAt = kind === null ? (before?.toldAt ?? null) : time;
  return { kind, known: { standing, since, toldAt } };
}

function kindOf(
  before: KnownStanding | undefined,
  standing: Standing,
  now: number,
  remindAfter: number,
): NoticeKind | null {
  const was = before?.standing ?? 'good';
  if (standing === 'good') return was === 'good' ? null : 'recovered';
  if (standing !== was) return standing;
  const toldAt = before?.toldAt ?? null;
  return toldAt === null || now - Date.parse(toldAt) >= remindAfter ? 'still-failing' : null;
}
