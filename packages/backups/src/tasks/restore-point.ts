import { HoldfastError, type LimitUse, runContext, task } from '@holdfast/core';
import type { IdentityOption } from '../encryption/keyring.ts';
import { momentOf } from '../model/moment.ts';
import type { RecoveryPoint } from '../model/recovery-point.ts';
import { checkMembers } from '../points/check-members.ts';
import { latestPoint } from '../points/list-points.ts';
import { loadPoint, noPoint } from '../points/load-point.ts';
import type { Restored } from '../restore/restore-from-store.ts';
import type { ServerTarget } from '../sources/servers/server-source.ts';
import { restoreBackup } from './restore.ts';
import { storeNamed } from './surroundings.ts';

/** Which recovery point: by its id, or the newest that is whole (before a time, exclusive). */
export interface FindPointInput {
  /** The name that the points of the same sources share. */
  readonly name: string;
  /** Name of the store that is read. */
  readonly from: string;
  /** This one. Default: the newest. */
  readonly id?: string;
  /** The newest that was begun before this time; without an offset it is read on the clock of this process. */
  readonly before?: Date | string;
}

/** What the restore of a recovery point is told. */
export interface RestorePointInput extends FindPointInput {
  /** Where each member goes, by its set: as of `restoreBackup`. All of them are named. */
  readonly to: Readonly<Record<string, string | ServerTarget>>;
  /** Move aside what stands there, instead of refusing. Default false. */
  readonly overwrite?: boolean;
  /** What encrypted backups are read with. */
  readonly identities?: readonly IdentityOption[];
  /** Where scratch directories are made. Default: as of `restoreBackup`. */
  readonly scratchRoot?: string;
  /** Limits that each restore takes its share of. Default: none. */
  readonly limits?: readonly LimitUse[];
}

/** What was restored of a recovery point. */
export interface RestoredPoint {
  readonly name: string;
  readonly id: string;
  /** In the order in which they were restored. */
  readonly restored: readonly Restored[];
}

/**
 * Finds a recovery point, and reads every byte of its backups for their hashes. What it found is recorded: a restore
 * that goes on after a crash goes on with it.
 *
 * @throws `RECOVERY_POINT_MISSING`, `RECOVERY_POINT_INCOMPLETE`, `RECOVERY_POINT_*`, `TIME_INVALID`
 */
export const checkRecoveryPoint = task(
  async ({ name, from, id, before }: FindPointInput): Promise<RecoveryPoint> => {
    const { signal } = runContext();
    const store = storeNamed(from);
    const time = before === undefined ? undefined : momentOf(before);
    const query = { name, signal, ...(time === undefined ? {} : { before: time }) };
    const point =
      id === undefined
        ? (await latestPoint(store, query))?.point
        : await loadPoint(store, { name, id }, signal);
    if (point === undefined) {
      throw noPoint(store, name, time === undefined ? '' : ` before ${time.toISOString()}`);
    }
    await checkMembers(name, point.members, 'checksum', { store, signal });
    return point;
  },
  {
    name: 'checkRecoveryPoint',
    description: 'Finds a recovery point and checks all of its backups.',
    runName: ({ name, from }: FindPointInput) => `check the recovery point of ${name} in ${from}`,
    retries: { limit: 2, delay: '10s', backoff: 'exponential', jitter: true },
    timeout: '12h',
    tags: ['backup', 'recovery-point'],
  },
);

/** A set that has no place would be left out, and one that is misspelt, too. */
function checkTargets({ name, members }: RecoveryPoint, to: RestorePointInput['to']): void {
  const sets = members.map(({ set }) => set);
  const missing = sets.find((set) => !Object.hasOwn(to, set));
  const unknown = Object.keys(to).find((set) => !sets.includes(set));
  if (missing === undefined && unknown === undefined) return;
  const why =
    missing === undefined ? `has no backup of ${unknown}` : `needs a place for ${missing}`;
  throw new HoldfastError('OPTIONS_INVALID', `The recovery point of ${name} ${why}.`, {
    hint: 'Name a place for each of its sets, and no others; restore single backups by restoreBackup.',
    retryable: false,
    context: { name, sets },
  });
}

function partly(point: RecoveryPoint, restored: readonly Restored[], set: string, cause: Error) {
  const done = restored.map((one) => one.set);
  const what = done.length === 0 ? 'Nothing' : `Only ${done.join(', ')}`;
  const message = `${what} of the recovery point ${point.id} of ${point.name} was restored: ${set} failed.`;
  return new HoldfastError('RECOVERY_POINT_NOT_RESTORED', message, {
    hint: 'See the cause. What was restored stands in its place; what stood there before is kept, where it was moved aside.',
    retryable: false,
    cause,
    context: {
      name: point.name,
      id: point.id,
      failed: set,
      restored: restored.map((one) => ({ ...one })),
    },
  });
}

/**
 * Restores a recovery point: every backup is checked first, byte by byte; then they are restored one after the other, in
 * the order of the point, each as a run of `restoreBackup`. One that fails ends it.
 *
 * @throws `RECOVERY_POINT_MISSING`, `RECOVERY_POINT_INCOMPLETE`, `OPTIONS_INVALID` nothing was restored
 * @throws `RECOVERY_POINT_NOT_RESTORED` names what was restored and what was not, with the reason as its cause
 */
export const restoreRecoveryPoint = task(
  async (input: RestorePointInput): Promise<RestoredPoint> => {
    const { name, from, id, before, to, limits, ...rest } = input;
    const { overwrite, identities, scratchRoot } = rest;
    const point = await checkRecoveryPoint({
      name,
      from,
      ...(id === undefined ? {} : { id }),
      ...(before === undefined ? {} : { before }),
    });
    checkTargets(point, to);
    const restore = limits === undefined ? restoreBackup : restoreBackup.with({ limits });
    const ways = {
      from,
      ...(overwrite === undefined ? {} : { overwrite }),
      ...(identities === undefined ? {} : { identities }),
      ...(scratchRoot === undefined ? {} : { scratchRoot }),
    };
    const restored: Restored[] = [];
    for (const { set, id: backup, manifestSha256 } of point.members) {
      const target = to[set] ?? '';
      const one = restore.submit({
        backup: { set, id: backup, manifestSha256 },
        to: target,
        ...ways,
      });
      const outcome = await one.outcome();
      if (!outcome.ok) throw partly(point, restored, set, outcome.error);
      restored.push(outcome.value);
    }
    return { name, id: point.id, restored };
  },
  {
    name: 'restoreRecoveryPoint',
    description: 'Restores backups that belong together, in their order.',
    runName: ({ name, from }: RestorePointInput) => `restore ${name} from ${from}`,
    timeout: '24h',
    tags: ['backup', 'restore', 'recovery-point'],
  },
);
