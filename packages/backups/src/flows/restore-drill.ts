import { type Flow, flow, HoldfastError } from '@holdfast/core';
import { checkIdentities, type IdentityOption } from '../encryption/keyring.ts';
import { checkSample, type SampleOption } from '../model/sample.ts';
import type { Verification } from '../model/verification.ts';
import { type Problem, problemOf } from '../notify/compose.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import { findBackup, type FindInput } from '../tasks/find-backup.ts';
import { notifyOnChange } from '../tasks/notify-on-change.ts';
import { verifyByRestore } from '../tasks/verify.ts';
import { type CommonFlowOptions, limited, notifiersOf, refuseEmpty } from './flow-parts.ts';

/** What a drill is made of. */
export interface DrillOptions extends CommonFlowOptions {
  /** Name of the flow. Default 'restore-drill'. */
  readonly name?: string;
  /** The backup sets. */
  readonly sets: readonly string[];
  /** Name of the store that is restored from: the one that would be restored from if all else were lost. */
  readonly store: string;
  /** Which backup of each set. Default: the newest. */
  readonly pick?: FindInput['pick'];
  /** What encrypted backups are decrypted with: a drill proves that they still can be. */
  readonly identities?: readonly IdentityOption[];
  /** For sources on servers: where scratch copies are made. Default: a server of its own is started. */
  readonly scratchServer?: ServerTarget;
  /** Name of a `RestoreCheck` among the engine's resources, asked of every restored copy. Default: none is. */
  readonly check?: string;
  /** Proves each backup by a sample of it: see `VerifyOptions`. Default: everything is compared. */
  readonly sample?: SampleOption;
  /** Where scratch directories are made. Default: `holdfast-<uid>` in the system's directory for temporary files. */
  readonly scratchRoot?: string;
}

/** How the drill of a set went: with a `verification` its restore is proven. */
export interface DrillReport {
  readonly set: string;
  readonly backup?: string;
  readonly verification?: Verification;
  readonly problem?: Problem;
}

function provenOrThrow(reports: DrillReport[]): DrillReport[] {
  const failed = reports.filter(({ verification }) => verification === undefined);
  if (failed.length === 0) return reports;
  const reasons = failed.map(({ set, problem }) => `${set} (${problem?.code ?? 'Error'})`);
  throw new HoldfastError('RESTORE_UNPROVEN', `No restore was proven: ${reasons.join(', ')}.`, {
    hint: 'See the problem of each set. Make a fresh backup, and restore from the other copies.',
    retryable: false,
    context: { sets: failed.map(({ set }) => set) },
  });
}

/**
 * Makes a flow that restores a backup of each set into a scratch place, and compares it with what its source held. Put
 * it on a schedule: it alone shows that what lies there can still be restored. People are told when that changes.
 *
 * @throws `OPTIONS_INVALID`
 * @throws `RESTORE_UNPROVEN` (from the flow) after all sets were tried
 */
export function restoreDrill(options: DrillOptions): Flow<() => Promise<DrillReport[]>> {
  const { name = 'restore-drill', sets, store, pick = 'newest' } = options;
  const { identities, scratchServer, check, sample, scratchRoot } = options;
  const ways = {
    ...(identities === undefined ? {} : { identities }),
    ...(scratchServer === undefined ? {} : { scratchServer }),
    ...(check === undefined ? {} : { check }),
    ...(sample === undefined ? {} : { sample }),
    ...(scratchRoot === undefined ? {} : { scratchRoot }),
  };
  const notifiers = notifiersOf(options.notify);
  refuseEmpty(name, 'set', sets);
  if (identities !== undefined) checkIdentities(identities);
  if (sample !== undefined) checkSample(sample);

  async function restore(set: string): Promise<DrillReport> {
    const found = await findBackup.submit({ set, store, pick }).outcome();
    if (!found.ok) return { set, problem: problemOf(found.error) };
    const backup = found.value;
    const verify = verifyByRestore.with(limited(set, options));
    const proof = await verify.submit({ backup, ...ways }).outcome();
    if (proof.ok) return { set, backup: backup.id, verification: proof.value };
    return { set, backup: backup.id, problem: problemOf(proof.error) };
  }

  async function drill(set: string): Promise<DrillReport> {
    const report = await restore(set);
    const { problem } = report;
    if (notifiers.length === 0) return report;
    const standing = problem === undefined ? 'good' : 'restore-unproven';
    const what =
      problem === undefined ? 'a restore was proven' : `no restore from ${store} was proven`;
    const about = { set, topic: 'drill', standing, what, notifiers, ledger: store } as const;
    const told = problem === undefined ? about : { ...about, problem, task: 'verifyByRestore' };
    await notifyOnChange.submit({ ...told, stores: [store] }).outcome();
    return report;
  }

  return flow(async () => provenOrThrow(await Promise.all(sets.map(drill))), { name });
}
