import {
  type Duration,
  HoldfastError,
  type LimitUse,
  type Outcome,
  runContext,
  task,
} from '@holdfast/core';
import type { BackupRef } from '../catalog/load-manifest.ts';
import type { Copy } from '../archive/copy-backup.ts';
import { retainUntilOf } from '../archive/retain-until.ts';
import type { RecoveryPoint } from '../model/recovery-point.ts';
import { loadPoint, type PointRef } from '../points/load-point.ts';
import { publishPoint } from '../points/publish-point.ts';
import { storePoint } from '../points/store-point.ts';
import { archiveBackup } from './archive.ts';
import { storeNamed } from './surroundings.ts';

/** What the task is told that publishes a recovery point. */
export interface PublishPointInput {
  /** The name that the points of the same sources share. */
  readonly name: string;
  /** Name of the store that all members are in. */
  readonly store: string;
  /**
   * The backups, as dump tasks gave them, by the order of their dumps: those of a stage side by side, each stage begun
   * when all of the one before had ended. Databases come first, then the files that their rows refer to.
   */
  readonly stages: readonly (readonly BackupRef[])[];
  /** How long the store itself keeps the point from being changed or removed. Default: not at all. */
  readonly retainFor?: Duration;
}

/** Where a recovery point lies, as plain data. */
export interface StoredPoint {
  /** Name under which its store was given. */
  readonly store: string;
  readonly point: RecoveryPoint;
}

const POLICY = {
  retries: { limit: 3, delay: '10s', backoff: 'exponential', maxDelay: '5m', jitter: true },
  timeout: '1h',
  tags: ['backup', 'recovery-point'],
} as const;

/**
 * Publishes a recovery point: one manifest that names the backups of several sources which belong together, a
 * consistent set. It is written last, if absent, and under the run's lease. Three retries.
 *
 * @throws see {@link publishPoint}
 */
export const publishRecoveryPoint = task(
  async ({ name, store, stages, retainFor }: PublishPointInput): Promise<StoredPoint> => {
    const context = runContext();
    const to = storeNamed(store);
    const retainUntil = retainUntilOf({ retainFor, to }, context.now());
    const point = await publishPoint({
      name,
      store: to,
      stages,
      signal: context.signal,
      runId: context.rootRunId,
      beforePublish: () => context.assertLease(),
      ...(retainUntil === undefined ? {} : { retainUntil }),
    });
    return { store, point };
  },
  {
    ...POLICY,
    name: 'publishRecoveryPoint',
    description: 'Publishes one manifest of backups that belong together.',
    runName: ({ name, store }: PublishPointInput) => `recovery point of ${name} in ${store}`,
  },
);

/** What the task is told that archives a recovery point. */
export interface ArchivePointInput extends PointRef {
  /** Name of the store that it is in. */
  readonly from: string;
  /** Name of the store that it is copied to. */
  readonly to: string;
  /** How long that store itself keeps all of it from being changed or removed. Default: not at all. */
  readonly retainFor?: Duration;
  /** Limits that each copy takes its share of. Default: none. */
  readonly limits?: readonly LimitUse[];
}

/** A recovery point that was copied. */
export interface ArchivedPoint extends StoredPoint {
  /** One for each member. */
  readonly copies: readonly Copy[];
}

/** Each copy has had its retries: trying all of them again at once would meet what they have met. */
function allCopied(
  { name, id, members }: RecoveryPoint,
  to: string,
  outcomes: readonly Outcome<Copy>[],
) {
  const copies = outcomes.flatMap((one) => (one.ok ? [one.value] : []));
  const failed = outcomes.findIndex(({ ok }) => !ok);
  const outcome = outcomes[failed];
  if (outcome === undefined || outcome.ok) return copies;
  const { set = '' } = members[failed] ?? {};
  const made = `${copies.length} of ${members.length} backups`;
  const message = `Of the recovery point ${id} of ${name} ${made} were copied to ${to}; ${set} was not.`;
  throw new HoldfastError('COPIES_TOO_FEW', message, {
    hint: 'See the cause. A copy that is made again goes on where it was.',
    retryable: false,
    cause: outcome.error,
    context: { name, id, to, failed: set },
  });
}

/**
 * Copies a recovery point to another store, whole: each member as a run of `archiveBackup`, then the point, last. What is
 * there already is not sent again.
 *
 * @throws `RECOVERY_POINT_MISSING`, `RECOVERY_POINT_INCOMPLETE`, `RECOVERY_POINT_*`, `RETENTION_UNSUPPORTED`
 * @throws `COPIES_TOO_FEW` a backup was not copied; the point is not there then
 */
export const archiveRecoveryPoint = task(
  async (input: ArchivePointInput): Promise<ArchivedPoint> => {
    const context = runContext();
    const { from, to, retainFor, limits } = input;
    const point = await loadPoint(storeNamed(from), input, context.signal);
    const target = storeNamed(to);
    const retainUntil = retainUntilOf({ retainFor, to: target }, context.now());
    const archive = limits === undefined ? archiveBackup : archiveBackup.with({ limits });
    const keep = retainFor === undefined ? {} : { retainFor };
    const outcomes = await archive
      .map(
        point.members.map(({ set, id, manifestSha256 }) => ({
          set,
          id,
          manifestSha256,
          store: from,
        })),
        to,
        keep,
      )
      .outcomes();
    const copies = allCopied(point, to, outcomes);
    const { signal } = context;
    const beforePublish = (): Promise<void> => context.assertLease();
    await storePoint(point, { store: target, signal, retainUntil, beforePublish });
    return { store: to, point, copies };
  },
  {
    ...POLICY,
    name: 'archiveRecoveryPoint',
    description: 'Copies a recovery point with all its backups to another store.',
    runName: ({ name, to }: ArchivePointInput) => `copy the recovery point of ${name} to ${to}`,
    timeout: '24h',
  },
);
