import { type ObjectStore, objectStoreProblem } from '@holdfast/core';
import { pointKey, type RecoveryPoint, serialisePoint } from '../model/recovery-point.ts';
import { checkMembers } from './check-members.ts';
import { findPoint } from './load-point.ts';

/** Where a recovery point is stored. */
export interface PointPlace {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** Until when the store is to keep it, epoch milliseconds. Default: it may be removed at any time. */
  readonly retainUntil: number | undefined;
  /** Called just before it is written; what it throws keeps it from being published. */
  readonly beforePublish: (() => Promise<void>) | undefined;
}

/** Whether it is there, as this or as another run has made it: the id says that the members are the same. */
async function isThere(point: RecoveryPoint, { store, signal }: PointPlace): Promise<boolean> {
  return (await findPoint(store, point, signal)) !== undefined;
}

/**
 * Stores a recovery point, if it is not there yet and all of its members are: it is written last. What is there is left
 * as it is, but for a date until which it is to be kept.
 *
 * @throws `RECOVERY_POINT_INCOMPLETE`; `RECOVERY_POINT_*` something else stands in its place; or what the store throws
 */
export async function storePoint(point: RecoveryPoint, place: PointPlace): Promise<void> {
  const { store, signal, retainUntil, beforePublish } = place;
  await checkMembers(point.name, point.members, 'stored', place);
  const wasThere = await isThere(point, place);
  if (wasThere && retainUntil === undefined) return;
  await beforePublish?.();
  signal.throwIfAborted();
  try {
    await store.put(pointKey(point), Buffer.from(serialisePoint(point)), {
      ifAbsent: !wasThere && store.properties.ifAbsent !== false,
      signal,
      ...(retainUntil === undefined ? {} : { retainUntil }),
    });
  } catch (error) {
    if (objectStoreProblem(error) !== 'exists' || !(await isThere(point, place))) throw error;
  }
}
