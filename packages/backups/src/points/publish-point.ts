import { HoldfastError, type ObjectStore } from '@holdfast/core';
import type { BackupRef } from '../catalog/load-manifest.ts';
import type { Manifest } from '../model/manifest.ts';
import { checkName } from '../model/names.ts';
import { makePoint, type PointMember, type RecoveryPoint } from '../model/recovery-point.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { checkMembers } from './check-members.ts';
import { storePoint } from './store-point.ts';

/** How a recovery point is published. */
export interface PublishPointOptions extends Pick<WorkOptions, 'signal'> {
  /** The name that the points of the same sources share. */
  readonly name: string;
  /** The store that all members are in. */
  readonly store: ObjectStore;
  /**
   * The backups, by the order of their dumps: those of a stage side by side, each stage begun when all of the one before
   * had ended. Databases come first, then the files that their rows refer to.
   */
  readonly stages: readonly (readonly BackupRef[])[];
  /** Until when the store is to keep it, epoch milliseconds. Default: it may be removed at any time. */
  readonly retainUntil?: number;
  /** Called just before it is written; what it throws keeps it from being published. */
  readonly beforePublish?: () => Promise<void>;
  /** The flow run that makes it. Default: none. */
  readonly runId?: string;
}

function invalid(name: string, why: string): HoldfastError {
  return new HoldfastError('OPTIONS_INVALID', `The recovery point of ${name} ${why}.`, {
    hint: 'Give one backup of each set, by stages of which none is empty.',
    retryable: false,
    context: { name },
  });
}

function checkStages(name: string, stages: readonly (readonly BackupRef[])[]): void {
  const sets = stages.flat().map(({ set }) => set);
  const twice = sets.find((set, at) => sets.indexOf(set) !== at);
  if (twice !== undefined) throw invalid(name, `has two backups of the set ${twice}`);
  if (sets.length === 0) throw invalid(name, 'has no backup');
  if (stages.some((stage) => stage.length === 0))
    throw invalid(name, 'has a stage without a backup');
}

function memberOf(manifest: Manifest, order: number): PointMember {
  const { set, id, sha256: manifestSha256, startedAt, endedAt } = manifest;
  const { kind, name } = manifest.source;
  return { set, id, manifestSha256, source: { kind, name }, startedAt, endedAt, order };
}

/** The order is what makes a point of backups: without it a row may refer to a file that came later. */
function checkOrder(name: string, members: readonly PointMember[]): void {
  for (const late of members) {
    const early = members.find(
      ({ order, endedAt }) => order < late.order && endedAt > late.startedAt,
    );
    if (early === undefined) continue;
    const times = `${late.set} was begun at ${late.startedAt}, before ${early.set} had ended at ${early.endedAt}`;
    throw new HoldfastError(
      'RECOVERY_POINT_DISORDERED',
      `No recovery point of ${name}: ${times}.`,
      {
        hint: 'Dump the sources of a stage when all of the one before have ended: waitFor, or await.',
        retryable: false,
        context: { name, early: early.set, late: late.set },
      },
    );
  }
}

/**
 * Publishes a recovery point: one manifest that names the backups of several sources which belong together. Each is
 * looked for first, whole and under its own manifest; the point is written last, if absent. The same backups give the
 * same point, however often it is published.
 *
 * @throws `RECOVERY_POINT_INCOMPLETE` a backup is missing, altered or not whole: nothing is written
 * @throws `RECOVERY_POINT_DISORDERED` a dump of a later stage began before one of an earlier had ended
 * @throws `OPTIONS_INVALID`, `BACKUP_NAME_INVALID`, or what the store throws
 */
export async function publishPoint(options: PublishPointOptions): Promise<RecoveryPoint> {
  const { store, stages, runId = null, retainUntil, beforePublish } = options;
  const { signal } = settle(options);
  const name = checkName('recovery point', options.name);
  checkStages(name, stages);
  const members: PointMember[] = [];
  for (const [at, stage] of stages.entries()) {
    const manifests = await checkMembers(name, stage, 'stored', { store, signal });
    members.push(...manifests.map((manifest) => memberOf(manifest, at + 1)));
  }
  checkOrder(name, members);
  const point = makePoint(name, members, runId);
  await storePoint(point, { store, signal, retainUntil, beforePublish });
  return point;
}
