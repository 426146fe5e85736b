import { type Flow, flow } from '@holdfast/core';
import type { Backup } from '../model/backup.ts';
import { problemOf } from '../notify/compose.ts';
import type { SourceSpec } from '../sources/source.ts';
import { archiveBackup } from '../tasks/archive.ts';
import { dumpSource } from '../tasks/dump.ts';
import { notify } from '../tasks/notify.ts';
import { verifyByRestore } from '../tasks/verify.ts';
import * as report from './nightly-report.ts';

/**
 * Makes a flow: each source is dumped, restored for proof, and copied. A backup that cannot be proven is
 * dumped afresh once; if that fails too, people are told. A copy that fails is told, and fails nothing.
 *
 * @throws `OPTIONS_INVALID` there is no source, or two have one name; a recipient or an identity is none
 * @throws `BACKUP_NOT_PROVEN` (from the flow) when a source has no proven backup, after all is done
 */
export function nightlyBackup(options: report.NightlyOptions): Flow<report.Nightly> {
  const { name = 'nightly-backup', sources, stores, notify: notifier } = options;
  const { primary, copies = [] } = stores;
  report.checkSources(name, sources);
  const { dumping, proving } = report.waysOf(options);

  async function tell(set: string, what: string, problem: report.Problem): Promise<void> {
    if (notifier === undefined) return;
    const asked = [primary, ...copies];
    await notify.submit({ notifier, set, what, problem, stores: asked }).outcome();
  }

  async function unproven(source: string, error: Error): Promise<report.SourceReport> {
    const problem = problemOf(error);
    await tell(source, 'no proven backup tonight', problem);
    return { source, copies: [], problem };
  }

  async function copyTo(store: string, backup: Backup): Promise<report.CopyReport> {
    const copy = await archiveBackup.submit(backup, store).outcome();
    if (copy.ok) return { store, copy: copy.value };
    const problem = problemOf(copy.error);
    await tell(backup.set, `proven, but not copied to ${store}`, problem);
    return { store, problem };
  }

  async function protect(source: SourceSpec, freshDumps: number): Promise<report.SourceReport> {
    const dump = await dumpSource.submit({ source, store: primary, ...dumping }).outcome();
    if (!dump.ok) return unproven(source.name, dump.error);
    const backup = dump.value;
    const proof = await verifyByRestore.submit({ backup, ...proving }).outcome();
    if (!proof.ok && freshDumps > 0) return protect(source, freshDumps - 1);
    if (!proof.ok) return unproven(source.name, proof.error);
    const copied = await Promise.all(copies.map((store) => copyTo(store, backup)));
    return { source: source.name, backup, verification: proof.value, copies: copied };
  }

  const run = async (): Promise<report.NightlyReport> =>
    report.provenOrThrow({ sources: await Promise.all(sources.map((one) => protect(one, 1))) });
  return flow(run, { name });
}
