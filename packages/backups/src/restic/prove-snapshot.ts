import { HoldfastError, isHoldfastError, type ObjectStore } from '@holdfast/core';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import type { Manifest, SnapshotRef } from '../model/manifest.ts';
import type { Verification, VerificationLevel } from '../model/verification.ts';
import { verifyFailed } from '../verify/damage.ts';
import { keepRecord } from '../verify/record.ts';
import { type ResticWork, runRestic } from './run-restic.ts';

/** A listed snapshot that work is to prove. */
export interface SnapshotProof {
  readonly backup: BackupRef;
  /** The store that it is listed in; the record goes there. */
  readonly store: ObjectStore;
  /** What is proven where the work ends well. */
  readonly level: VerificationLevel;
  readonly now: () => number;
}

const DAMAGE = new Set(['RESTIC_DAMAGED', 'OBJECT_MISSING', 'RESTORE_DIFFERS']);

/** @throws `SNAPSHOT_UNLISTED` the backup is none of this repository */
async function listed(work: ResticWork, { store, backup }: SnapshotProof) {
  const manifest = await loadManifest(store, backup, work.signal);
  const { snapshot } = manifest;
  const { repository } = work.repository;
  if (snapshot?.repository === repository) return { manifest, snapshot };
  throw new HoldfastError('SNAPSHOT_UNLISTED', `${backup.id} is no snapshot in ${repository}.`, {
    hint: 'Name the repository that it was made in.',
    retryable: false,
    context: { backup: backup.id, repository },
  });
}

/** restic passes over the name of a snapshot that is not there, and ends with 0. */
async function checkThere(work: ResticWork, { id, repository }: SnapshotRef): Promise<void> {
  let text = '';
  await runRestic(work, ['snapshots', '--json', id], (line) => {
    text += line;
  });
  const found: unknown = text === '' ? [] : JSON.parse(text);
  if (Array.isArray(found) && found.length > 0) return;
  throw new HoldfastError('OBJECT_MISSING', `${repository} has no snapshot ${id}.`, {
    hint: 'Somebody has removed it. Make a fresh backup.',
    retryable: false,
    context: { repository, snapshot: id },
  });
}

/** How many files the snapshot had when it was made. */
export function filesOf({ fingerprint }: Manifest): number | undefined {
  if (fingerprint.kind !== 'stream') return undefined;
  return fingerprint.counts.find(({ what }) => what === 'files')?.least;
}

/**
 * Does work that proves a listed snapshot, and keeps a record of it beside its manifest, also where it shows damage.
 *
 * @param check does it; gives how many files it has compared
 * @throws `VERIFY_FAILED` the repository is damaged, or has no such snapshot; `SNAPSHOT_UNLISTED`; what `check` throws says
 *   nothing of the snapshot else, and leaves no record
 */
export async function proveSnapshot(
  work: ResticWork,
  proof: SnapshotProof,
  check: (snapshot: SnapshotRef, manifest: Manifest) => Promise<number | undefined>,
): Promise<Verification> {
  const { store, level, now } = proof;
  const { manifest, snapshot } = await listed(work, proof);
  const startedAt = now();
  const facts = { backup: manifest, store, level, startedAt };
  const read = { objects: 0, storedBytes: 0, plainBytes: 0 };
  try {
    await checkThere(work, snapshot);
    const members = await check(snapshot, manifest);
    const endedAt = now();
    const compared = { ...read, ...(members === undefined ? {} : { members }) };
    const restored =
      level === 'restored' ? { restoreMs: endedAt - startedAt, dumpedAt: manifest.startedAt } : {};
    const examination = { reached: level, compared, ...restored };
    return await keepRecord({ ...facts, endedAt, examination, problem: null });
  } catch (error) {
    if (!isHoldfastError(error) || !DAMAGE.has(error.code)) throw error;
    const examination = { reached: null, compared: read };
    const problem = { code: error.code, message: error.message };
    const record = keepRecord({ ...facts, endedAt: now(), examination, problem });
    // The verdict stands, whether or not the store takes a record of it.
    await record.catch(() => undefined);
    throw verifyFailed(manifest, level, error);
  }
}
