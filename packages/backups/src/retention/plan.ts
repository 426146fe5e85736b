import { isAhead } from '../catalog/ahead.ts';
import { reaches, type VerificationLevel } from '../model/verification.ts';
import { anomalies, RECENT, type RetentionFinding } from './anomaly.ts';
import { type CheckedPolicy, checkPolicy } from './check-policy.ts';
import { gfs } from './gfs.ts';
import type { RetentionPolicy } from './policy.ts';
import { restic } from './restic.ts';
import type { RetainedBackup } from './retained-backup.ts';

/** What becomes of a backup, and why. */
export interface RetentionDecision<B extends RetainedBackup = RetainedBackup> {
  readonly backup: B;
  readonly keep: boolean;
  /** In words; never empty. */
  readonly reasons: readonly string[];
}

/** What a policy makes of some backups. */
export interface RetentionPlan<B extends RetainedBackup = RetainedBackup> {
  /** One for each backup: sets in the order of their names, in each the newest first. */
  readonly decisions: readonly RetentionDecision<B>[];
  /** Why sets are not pruned at present. */
  readonly findings: readonly RetentionFinding[];
}

/** A backup while it is judged. */
interface Dated<B> {
  readonly backup: B;
  readonly time: number;
  /** Whether it takes part in the counting. */
  isCounted: boolean;
  /** Why it is kept. */
  reasons: string[] | undefined;
}

const DAY = 86_400_000;

/** Plans one set. */
class SetPlan<B extends RetainedBackup> {
  readonly findings: readonly RetentionFinding[];
  readonly #all: readonly Dated<B>[];
  readonly #proven: readonly Dated<B>[];
  readonly #checked: CheckedPolicy;
  readonly #now: number;
  /** How long unproven ones are kept, in words. */
  readonly #days: string;

  constructor(
    all: readonly Dated<B>[],
    policy: RetentionPolicy,
    checked: CheckedPolicy,
    now: number,
  ) {
    this.#all = all.toSorted(newerFirst);
    this.#checked = checked;
    this.#now = now;
    this.#days = `${Number((checked.unprovenFor / DAY).toFixed(2))} days`;
    const { proof = 'restored' } = policy;
    const dated = this.#all.filter(({ time }) => !isAhead(time, now));
    this.#proven = dated.filter(({ backup }) => isProven(backup, proof));
    for (const one of this.#proven) one.isCounted = true;
    const [newest] = dated;
    const recent = this.#proven.slice(0, RECENT).map(({ backup }) => backup);
    this.findings = anomalies(all[0]?.backup.set ?? '', newest?.backup, recent);
    this.#count(policy);
    this.#protect(dated);
  }

  decisions(): RetentionDecision<B>[] {
    const newestProven = this.#proven[0]?.time ?? -Infinity;
    const [finding] = this.findings;
    return this.#all.map((dated) => {
      const { backup, reasons } = dated;
      if (reasons !== undefined) return { backup, keep: true, reasons };
      if (dated.isCounted) return suspended(backup, finding, 'no rule has a slot for it');
      return this.#unproven(dated, newestProven, finding);
    });
  }

  #count(policy: RetentionPolicy): void {
    const { calendar } = this.#checked;
    const candidates = Float64Array.from(this.#proven, ({ time }) => calendar.wall(time));
    const reasons = policy.mode === 'restic' ? restic(candidates, policy) : gfs(candidates, policy);
    for (const [at, dated] of this.#proven.entries()) {
      if (reasons.has(at)) dated.reasons = [...reasons.of(at)];
    }
  }

  /** What no rule may take away. */
  #protect(dated: readonly Dated<B>[]): void {
    const restored = dated.find(({ backup }) => isProven(backup, 'restored'));
    if (restored !== undefined) because(restored, 'the last proven backup of its set');
    const { pins } = this.#checked;
    for (const one of this.#all) {
      const pin = pins.size === 0 ? undefined : pins.get(one.backup.id);
      if (pin !== undefined) because(one, `pinned: ${pin}`);
      for (const need of one.backup.neededBy ?? []) because(one, `needed by ${need}`);
      if (isAhead(one.time, this.#now)) {
        because(one, 'dated in the future: it takes no slot, and is judged when its time has come');
      }
    }
  }

  #unproven(
    { backup, time }: Dated<B>,
    newestProven: number,
    finding: RetentionFinding | undefined,
  ): RetentionDecision<B> {
    const what = backup.failed ? 'its verification failed' : 'it is not proven';
    if (time > newestProven) {
      return { backup, keep: true, reasons: [`${what}, but no newer backup is proven`] };
    }
    const { unprovenFor } = this.#checked;
    if (this.#now - time <= unprovenFor) {
      return { backup, keep: true, reasons: [`${what}, and it is not older than ${this.#days}`] };
    }
    return suspended(
      backup,
      finding,
      `${what}, a newer one is, and it is older than ${this.#days}`,
    );
  }
}

function because<B>(dated: Dated<B>, reason: string): void {
  if (dated.reasons === undefined) dated.reasons = [reason];
  else dated.reasons.push(reason);
}

function isProven(backup: RetainedBackup, wanted: VerificationLevel): boolean {
  return !backup.failed && backup.level !== null && reaches(backup.level, wanted);
}

/** A removal, unless the set is not pruned at present. */
function suspended<B extends RetainedBackup>(
  backup: B,
  finding: RetentionFinding | undefined,
  why: string,
): RetentionDecision<B> {
  if (finding === undefined) return { backup, keep: false, reasons: [why] };
  return { backup, keep: true, reasons: [`pruning is suspended (${finding.code}); else: ${why}`] };
}

function newerFirst<B extends RetainedBackup>(a: Dated<B>, b: Dated<B>): number {
  if (a.time !== b.time) return b.time - a.time;
  return a.backup.id < b.backup.id ? 1 : -1;
}

/**
 * Decides which backups are kept. Each set is judged for itself. Asks no clock and no store.
 *
 * A backup takes a slot when it is proven as far as the policy asks and not dated more than an hour ahead. Never
 * removed are: the newest that is proven restorable, what is pinned, what a recovery point needs, what is dated
 * ahead, anything of a set with a finding.
 *
 * @param now epoch milliseconds
 * @throws `RETENTION_EMPTY`, `RETENTION_INVALID`
 */
export function planRetention<B extends RetainedBackup>(
  backups: readonly B[],
  policy: RetentionPolicy,
  now: number,
): RetentionPlan<B> {
  const checked = checkPolicy(policy);
  const sets = new Map<string, Dated<B>[]>();
  for (const backup of backups) {
    const time = Date.parse(backup.startedAt);
    const dated = { backup, time, isCounted: false, reasons: undefined };
    const list = sets.get(backup.set);
    if (list === undefined) sets.set(backup.set, [dated]);
    else list.push(dated);
  }
  const plans = [...sets]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, all]) => new SetPlan(all, policy, checked, now));
  return {
    decisions: plans.flatMap((plan) => plan.decisions()),
    findings: plans.flatMap((plan) => plan.findings),
  };
}

/** A decision as one sentence. */
export function explainRetention({ backup, keep, reasons }: RetentionDecision): string {
  const what = `${backup.set}, ${backup.id}`;
  return `${what} is ${keep ? 'kept' : 'removed'}: ${reasons.join('; ')}.`;
}
