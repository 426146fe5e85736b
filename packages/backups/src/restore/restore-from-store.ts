import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { latestBackup } from '../catalog/list-backups.ts';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import { backupPath } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { readArtifact } from '../pipeline/read-artifact.ts';
import { checkScratchSpace } from '../pipeline/space.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { sourceOfKind } from '../sources/known-sources.ts';
import { withStaging } from '../sources/workroom.ts';
import { restoreDiffers } from '../verify/damage.ts';
import { checkTarget, swapIntoPlace } from './target.ts';

/** Which backup is restored: this one, or the newest of a set (before a time, exclusive). */
export type WhichBackup =
  | { readonly backup: BackupRef }
  | { readonly set: string; readonly before?: Date };

/** How a backup is restored. */
export type RestoreOptions = WorkOptions &
  WhichBackup & {
    readonly store: ObjectStore;
    /** Where to: a path; relative to the working directory. Its parent directory is made if missing. */
    readonly to: string;
    /** Move aside what stands there, instead of refusing. Default false. */
    readonly overwrite?: boolean;
  };

/** What was restored. */
export interface Restored {
  readonly set: string;
  readonly backup: string;
  /** Absolute path of what was restored. */
  readonly to: string;
  /** Where what stood there before is kept; absent when nothing stood there. */
  readonly replaced?: string;
  /** When the dump that was restored began, ISO 8601: what was written later is not in it. */
  readonly dumpedAt: string;
  readonly plainBytes: number;
}

async function manifestFor(options: RestoreOptions, signal: AbortSignal): Promise<Manifest> {
  if ('backup' in options) return loadManifest(options.store, options.backup, signal);
  const { store, set, before } = options;
  const entry = await latestBackup(store, {
    set,
    signal,
    now: settle(options).now,
    ...(before === undefined ? {} : { before }),
  });
  if (entry !== undefined) return entry.manifest;
  const when = before === undefined ? '' : ` before ${before.toISOString()}`;
  throw new HoldfastError('BACKUP_MISSING', `${store.url} has no backup of ${set}${when}.`, {
    hint: 'List the backups of the store; look into the other copies.',
    retryable: false,
    context: { set },
  });
}

/**
 * Restores a backup. It is written beside its place first, every hash checked as it passes, and compared
 * with what the source held at the moment of the dump; only then it is renamed into its place. When
 * anything fails the place is as it was. What restores of dead processes left beside it is removed.
 *
 * A restored database file has mode 0600 and the owner of this process.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY` something stands there, and `overwrite` was not given
 * @throws `BACKUP_MISSING`, `MANIFEST_*`, `ARTIFACT_ALTERED`, `ARTIFACT_UNREADABLE`, `ARCHIVE_HOSTILE`
 * @throws `RESTORE_DIFFERS` what came out is not what the source was
 */
export async function restoreFromStore(options: RestoreOptions): Promise<Restored> {
  const { signal } = settle(options);
  const manifest = await manifestFor(options, signal);
  const source = sourceOfKind(manifest.source.kind, options.sources);
  const { companions = [] } = source;
  const to = resolve(options.to);
  await checkTarget(to, companions, options.overwrite ?? false);
  await mkdir(dirname(to), { recursive: true });
  return withStaging(dirname(to), async (staging) => {
    const staged = join(staging, 'restored');
    await restoreBeside(options, manifest, staged);
    await checkTarget(to, companions, options.overwrite ?? false, staged);
    const replaced = await swapIntoPlace(staged, to, { companions, label: manifest.id });
    return {
      set: manifest.set,
      backup: manifest.id,
      to,
      ...(replaced === undefined ? {} : { replaced }),
      dumpedAt: manifest.startedAt,
      plainBytes: plainBytes(manifest),
    };
  });
}

async function restoreBeside(
  options: RestoreOptions,
  manifest: Manifest,
  staged: string,
): Promise<void> {
  const { signal, startChild, secret } = settle(options);
  const source = sourceOfKind(manifest.source.kind, options.sources);
  const place = { store: options.store, path: backupPath(manifest.set, manifest.id), signal };
  const room = { scratch: dirname(staged), signal, startChild, secret };
  const backup = {
    manifest,
    read: (artifact: Manifest['artifacts'][number]) => readArtifact(artifact, place),
  };
  await checkScratchSpace(room.scratch, plainBytes(manifest));
  await source.restore(backup, staged, room);
  const { differences } = await source.compare(backup, staged, room);
  if (differences.length > 0) throw restoreDiffers(manifest.id, differences);
}

function plainBytes(manifest: Manifest): number {
  return manifest.artifacts.reduce((sum, artifact) => sum + artifact.plainBytes, 0);
}
