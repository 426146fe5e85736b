import { type Flow, flow, type Outcome } from '@holdfast/core';
import type { Backup } from '../model/backup.ts';
import type { SourceSpec } from '../sources/source.ts';
import { tellOf, withPings } from './nightly-notices.ts';
import { checkNightly, type NightlyOptions } from './nightly-options.ts';
import { joinNight } from './nightly-point.ts';
import * as report from './nightly-report.ts';
import { stepsOf } from './nightly-steps.ts';

/**
 * Makes a flow: each source is dumped, restored for proof, and copied; then old backups are pruned. A backup that cannot
 * be proven is dumped afresh once. Backups of several sources make a recovery point. People are told when a set begins to stand badly, or is good again. A copy or a prune that
 * fails is told, and fails nothing, as long as enough copies were made.
 *
 * @throws `OPTIONS_INVALID` there is no source, two have one name, two stores have, a recipient or an identity is none;
 *   `RETENTION_EMPTY`, `RETENTION_INVALID`, `DURATION_INVALID`
 * @throws `BACKUP_NOT_PROVEN` (from the flow) when a source has no proven backup, after all is done; `COPIES_TOO_FEW`
 */
export function nightlyBackup(options: NightlyOptions): Flow<report.Nightly> {
  const { name = 'nightly-backup', sources, window, stores } = options;
  checkNightly(name, options);

  async function protect(
    source: SourceSpec,
    dumped: Outcome<Backup>,
    freshDumps = 1,
  ): Promise<report.SourceReport> {
    const { name: set } = source;
    const { dump, prove, copy, prune } = stepsOf(source, options);
    if (!dumped.ok) return report.unproven(set, 'dumpSource', dumped.error);
    const backup = dumped.value;
    const proof = await prove(backup);
    if (!proof.ok && freshDumps > 0) return protect(source, await dump(), freshDumps - 1);
    if (!proof.ok) return report.unproven(set, 'verifyByRestore', proof.error);
    const { copies } = await copy(backup);
    const done = { backup, verification: proof.value, copies, pruned: await prune() };
    return report.proven(set, done, stores.atLeast);
  }

  async function night(): Promise<report.NightlyReport> {
    const dump = (source: SourceSpec) => stepsOf(source, options).dump();
    const databases = sources.filter(({ kind }) => kind !== 'files');
    // Files come last: one that no row refers to does no harm, a row without its file does.
    const first = new Map(databases.map((source) => [source, dump(source)]));
    const allFirst = Promise.all(first.values());
    const each = async (source: SourceSpec): Promise<report.SourceReport> => {
      const dumped = await (first.get(source) ?? allFirst.then(() => dump(source)));
      return tellOf(options, await protect(source, dumped));
    };
    const reports = await Promise.all(sources.map(each));
    return report.provenOrThrow({ sources: reports, ...(await joinNight(name, options, reports)) });
  }

  const run = (): Promise<report.NightlyReport> => withPings(options.pings, night);
  return flow(run, { name, ...(window === undefined ? {} : { window }) });
}
