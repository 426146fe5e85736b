import { type Standing, STANDINGS } from '../notify/standing.ts';
import { bestCopied, CHECKS, type HealthCheck, restoreProvenAt } from './checks.ts';
import { checkLimits, type HealthLimits } from './limits.ts';
import { seeSet, type StoreView } from './view.ts';

/** The figures of a set, as metrics tell them. Times are ISO 8601; null: never. */
export interface HealthFigures {
  /** When the dump of the newest backup began. */
  readonly lastSuccessAt: string | null;
  /** When the dump of the newest restorable backup began: what was written later would be lost. */
  readonly lastRestorableAt: string | null;
  /** When a backup was last verified, at whatever level. */
  readonly lastVerifiedAt: string | null;
  /** When a restore was last proven. */
  readonly lastRestoreProvenAt: string | null;
  /** How long the newest backup took. */
  readonly lastDurationMs: number | null;
  /** Size of the newest backup as its source gave it. */
  readonly lastBytes: number | null;
  /** In how many stores a restorable backup lies. */
  readonly copies: number;
  /** The limit of the age of a restorable backup. */
  readonly maxAgeMs: number;
}

/** How a set is. */
export interface SetHealth {
  readonly set: string;
  /** The gravest that was found. */
  readonly standing: Standing;
  /** One sentence, the set's name first. */
  readonly verdict: string;
  /** The sentence without the name: 'is late: …'. */
  readonly summary: string;
  readonly checks: readonly HealthCheck[];
  readonly figures: HealthFigures;
  /** ISO 8601. */
  readonly checkedAt: string;
}

const WORDS: { readonly [standing in Standing]: string } = {
  good: 'is good',
  failed: 'cannot be judged',
  late: 'is late',
  'restore-unproven': 'has no recent proof of a restore',
  degraded: 'is degraded',
};

/** Told of a set that is good. */
const TOLD: readonly HealthCheck['name'][] = ['restorable', 'restore-proven', 'copies'];

function gravest(checks: readonly HealthCheck[]): Standing {
  return STANDINGS.find((one) => checks.some(({ standing }) => standing === one)) ?? 'good';
}

function summaryOf(standing: Standing, checks: readonly HealthCheck[]): string {
  const told =
    standing === 'good'
      ? checks.filter(({ name }) => TOLD.includes(name))
      : STANDINGS.filter((one) => one !== 'good').flatMap((one) =>
          checks.filter((check) => check.standing === one),
        );
  return `${WORDS[standing]}: ${told.map(({ found }) => found).join('; ')}`;
}

function iso(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}

/**
 * Judges a set by what its stores tell: the age of the newest backup and of the newest restorable one, when a restore was
 * last proven, copies, its size against its own history, clocks that were wrong, damage. Asks no clock and no store.
 *
 * @param views what each store tells: one each, also where it could not be asked
 * @param now epoch milliseconds
 * @throws `OPTIONS_INVALID`, `DURATION_INVALID`
 */
export function judgeSet(
  set: string,
  views: readonly StoreView[],
  limits: HealthLimits,
  now: number,
): SetHealth {
  const checked = checkLimits(limits, views.length);
  const seen = seeSet(views, now);
  const checks = CHECKS.map((check) => check(seen, checked, now));
  const standing = gravest(checks);
  const [newest] = seen.backups;
  const proven = seen.backups.flatMap(({ provenAt }) => (provenAt === null ? [] : [provenAt]));
  const figures = {
    lastSuccessAt: iso(newest?.startedAt),
    lastRestorableAt: iso(seen.backups.find(({ isRestorable }) => isRestorable)?.startedAt),
    lastVerifiedAt: proven.length === 0 ? null : iso(Math.max(...proven)),
    lastRestoreProvenAt: iso(restoreProvenAt(seen, now)),
    lastDurationMs: newest?.durationMs ?? null,
    lastBytes: newest?.bytes ?? null,
    copies: bestCopied(seen, checked, now)?.stores.length ?? 0,
    maxAgeMs: checked.maxRestorableAge,
  };
  const summary = summaryOf(standing, checks);
  const checkedAt = new Date(now).toISOString();
  return { set, standing, verdict: `${set} ${summary}.`, summary, checks, figures, checkedAt };
}
