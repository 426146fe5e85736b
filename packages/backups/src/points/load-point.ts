import { HoldfastError, objectStoreProblem, type ObjectStore } from '@holdfast/core';
import { readText } from '../catalog/load-manifest.ts';
import { parsePoint, pointKey, type RecoveryPoint } from '../model/recovery-point.ts';

/** Which recovery point, by its names. */
export interface PointRef {
  /** The name that the points of the same sources share. */
  readonly name: string;
  readonly id: string;
}

/**
 * Reads a recovery point, if there is one.
 *
 * @throws `RECOVERY_POINT_INVALID`, `RECOVERY_POINT_ALTERED`, `RECOVERY_POINT_NEWER`, or what the store throws
 */
export async function findPoint(
  store: ObjectStore,
  ref: PointRef,
  signal?: AbortSignal,
): Promise<RecoveryPoint | undefined> {
  const key = pointKey(ref);
  try {
    return parsePoint(await readText(store, key, signal), key);
  } catch (error) {
    if (objectStoreProblem(error) === 'missing') return undefined;
    throw error;
  }
}

/**
 * Reads a recovery point.
 *
 * @throws `RECOVERY_POINT_MISSING`, and as {@link findPoint}
 */
export async function loadPoint(
  store: ObjectStore,
  ref: PointRef,
  signal?: AbortSignal,
): Promise<RecoveryPoint> {
  const found = await findPoint(store, ref, signal);
  if (found !== undefined) return found;
  throw noPoint(store, ref.name, ` ${ref.id}`);
}

/** The error for a point that is not there. */
export function noPoint(store: ObjectStore, name: string, which: string): HoldfastError {
  return new HoldfastError(
    'RECOVERY_POINT_MISSING',
    `${store.url} has no whole recovery point${which} of ${name}.`,
    {
      hint: 'List the recovery points of the store; look into the other copies.',
      retryable: false,
      context: { name },
    },
  );
}
