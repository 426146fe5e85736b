import { HoldfastError } from '@holdfast/core';
import type { CopyReport } from '../archive/destinations.ts';
import type { Backup } from '../model/backup.ts';
import type { Verification } from '../model/verification.ts';
import { type Problem, problemOf } from '../notify/compose.ts';
import type { Standing } from '../notify/standing.ts';
import type { PointReport } from './nightly-point.ts';
import type { PruneReport } from '../prune/prune-store.ts';

/** What became of old backups in a store. */
export interface PruningReport {
  readonly store: string;
  readonly report?: PruneReport;
  readonly problem?: Problem;
}

/** How a source went. With a `backup` and a `verification` it is proven; else `problem` says why not. */
export interface SourceReport {
  readonly source: string;
  /** How its set stands now, as people are told when that changes. */
  readonly standing: Standing;
  /** The same in a few words. */
  readonly what: string;
  readonly backup?: Backup;
  readonly verification?: Verification;
  readonly copies: readonly CopyReport[];
  readonly pruned: readonly PruningReport[];
  /** What failed first. */
  readonly problem?: Problem;
  /** Name of the task that failed. */
  readonly task?: string;
}

/** The report of a source that has no proven backup. */
export function unproven(source: string, task: string, error: Error): SourceReport {
  const problem = problemOf(error);
  const what = 'no proven backup tonight';
  return { source, standing: 'failed', what, copies: [], pruned: [], problem, task };
}

/** Puts together how a source went that has a proven backup: what lacks is told. */
export function proven(
  source: string,
  done: Required<Pick<SourceReport, 'backup' | 'verification' | 'copies' | 'pruned'>>,
  atLeast = 0,
): SourceReport {
  const missing = done.copies.filter(({ copy }) => copy === undefined);
  const unpruned = done.pruned.filter(({ report }) => (report?.failures.length ?? 1) > 0);
  const made = done.copies.length - missing.length;
  const lacks = [
    ...(missing.length === 0 ? [] : [`not copied to ${namesOf(missing)}`]),
    ...(unpruned.length === 0 ? [] : [`not pruned in ${namesOf(unpruned)}`]),
  ];
  const problem = [...missing, ...unpruned].find((one) => one.problem !== undefined)?.problem;
  const isGood = lacks.length === 0;
  const standing = made < atLeast ? 'failed' : isGood ? 'good' : 'degraded';
  return {
    source,
    ...done,
    standing,
    what: isGood ? 'a proven backup, in every store' : `proven, but ${lacks.join(', and ')}`,
    ...(problem === undefined ? {} : { problem }),
    ...(isGood ? {} : { task: missing.length > 0 ? 'archiveBackup' : 'pruneBackups' }),
  };
}

function namesOf(reports: readonly { readonly store: string }[]): string {
  return reports.map(({ store }) => store).join(', ');
}

/** How the night went. */
export interface NightlyReport {
  readonly sources: readonly SourceReport[];
  /** The recovery point that its backups make, in each store that has all of them; absent where there is one source. */
  readonly points?: readonly PointReport[];
}

/** The function of the flow. */
export type Nightly = () => Promise<NightlyReport>;

function named({ source, problem }: SourceReport): string {
  return `${source} (${problem?.code ?? 'Error'})`;
}

function failed(code: string, message: string, hint: string, reports: readonly SourceReport[]) {
  return new HoldfastError(code, message, {
    hint,
    // Trying again at once would meet what all retries have met.
    retryable: false,
    context: {
      sources: reports.map(({ source }) => source),
      problems: reports.map(({ source, problem }) => ({ source, ...problem })),
    },
  });
}

/**
 * Gives the report, if every source has a proven backup, and enough copies of it.
 *
 * @throws `BACKUP_NOT_PROVEN` which names the sources that have none; `COPIES_TOO_FEW` likewise
 */
export function provenOrThrow(report: NightlyReport): NightlyReport {
  const none = report.sources.filter(({ verification }) => verification === undefined);
  if (none.length > 0) {
    const message = `Without a proven backup: ${none.map(named).join(', ')}.`;
    const hint =
      'See the problem of each source. What was proven is stored and copied all the same.';
    throw failed('BACKUP_NOT_PROVEN', message, hint, none);
  }
  const few = report.sources.filter(({ standing }) => standing === 'failed');
  if (few.length === 0) return report;
  const message = `Proven, but with too few copies: ${few.map(named).join(', ')}.`;
  const hint = 'See why each store has none. A copy that is made again goes on where it was.';
  throw failed('COPIES_TOO_FEW', message, hint, few);
}
