import { HoldfastError, isHoldfastError, type ObjectStore } from '@holdfast/core';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import { backupPath } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { checkSizes, checkStored, storedFile } from '../pipeline/read-artifact.ts';
import { isDamage } from '../verify/damage.ts';

/** How far members are looked at: whether they are there in their sizes, or every byte of them. */
export type MemberDepth = 'stored' | 'checksum';

/** Where members are looked for. */
export interface MemberPlace {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

async function look(
  member: BackupRef,
  depth: MemberDepth,
  { store, signal }: MemberPlace,
): Promise<Manifest> {
  const manifest = await loadManifest(store, member, signal);
  const place = { store, path: backupPath(manifest.set, manifest.id), signal };
  const files = [...manifest.documents, ...manifest.artifacts.map(storedFile)];
  await checkSizes(files, place);
  if (depth === 'checksum') for (const file of files) await checkStored(file, place);
  return manifest;
}

/**
 * Looks whether all backups of a recovery point are in a store, whole, and the very ones that are meant.
 *
 * @returns their manifests, in the order of the members
 * @throws `RECOVERY_POINT_INCOMPLETE` names the first that is not; or what the store throws
 */
export async function checkMembers(
  name: string,
  members: readonly BackupRef[],
  depth: MemberDepth,
  place: MemberPlace,
): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const member of members) {
    place.signal.throwIfAborted();
    try {
      manifests.push(await look(member, depth, place));
    } catch (error) {
      if (!isHoldfastError(error) || !isDamage(error)) throw error;
      throw incomplete(name, member, error);
    }
  }
  return manifests;
}

function incomplete(name: string, { set, id }: BackupRef, damage: HoldfastError): HoldfastError {
  return new HoldfastError(
    'RECOVERY_POINT_INCOMPLETE',
    `A recovery point of ${name} needs the backup ${id} of ${set}: ${damage.message}`,
    {
      hint: 'Nothing was written. Look into the other copies; restore what is whole by itself.',
      retryable: false,
      cause: damage,
      context: { name, set, backup: id, problem: damage.code },
    },
  );
}
