import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { latestBackup } from '../catalog/list-backups.ts';
import { type BackupRef, loadManifest } from '../catalog/load-manifest.ts';
import { type IdentityOption, Keyring } from '../encryption/keyring.ts';
import { backupPath } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { momentOf } from '../model/moment.ts';
import { readArtifact } from '../pipeline/read-artifact.ts';
import { ZstdProgram } from '../pipeline/zstd-program.ts';
import { checkScratchSpace } from '../pipeline/space.ts';
import { settle, type Settled, type WorkOptions } from '../publish/create-backup.ts';
import { Children } from '../sources/child.ts';
import { sourceOfKind } from '../sources/known-sources.ts';
import type { ServerTarget, Swapped } from '../sources/servers/server-source.ts';
import type { StoredBackup } from '../sources/source.ts';
import { withScratch, withStaging } from '../sources/workroom.ts';
import { restoreDiffers } from '../verify/damage.ts';
import { keepOnly } from './keep-only.ts';
import { restoreToServer, restoreWay, type RestoreWay } from './restore-to-server.ts';
import { checkTarget, swapIntoPlace } from './target.ts';

/**
 * Which backup is restored: this one, or the newest of a set (before a time, exclusive). A text without an offset, such as
 * '2026-11-20T03:00', is read on the clock of this process.
 */
export type WhichBackup =
  | { readonly backup: BackupRef }
  | { readonly set: string; readonly before?: Date | string };

/** How a backup is restored. */
export type RestoreOptions = WorkOptions &
  WhichBackup & {
    readonly store: ObjectStore;
    /**
     * Where to: a path, relative to the working directory, whose parent directory is made if missing; or,
     * for a database server's backup, a server and the database's name there.
     */
    readonly to: string | ServerTarget;
    /** Move aside what stands there, instead of refusing. Default false. */
    readonly overwrite?: boolean;
    /**
     * For database servers: restore these tables alone, named as in the manifest's fingerprint (`public.orders`).
     * Default: everything.
     */
    readonly tables?: readonly string[];
    /**
     * For file trees: restore these alone, with the directories on the way; patterns as of `exclude`. All of it is restored
     * beside and compared first. Default: everything.
     */
    readonly only?: readonly string[];
    /** What an encrypted backup is read with. */
    readonly identities?: readonly IdentityOption[];
  };

/** What was restored. */
export interface Restored {
  readonly set: string;
  readonly backup: string;
  /** Absolute path of what was restored; for a server a URL without credentials. */
  readonly to: string;
  /** Where what stood there before is kept; absent when nothing stood there. */
  readonly replaced?: string;
  /** When the dump that was restored began, ISO 8601: what was written later is not in it. */
  readonly dumpedAt: string;
  readonly plainBytes: number;
}

async function manifestFor(options: RestoreOptions, settled: Settled): Promise<Manifest> {
  const { signal, now } = settled;
  if ('backup' in options) return loadManifest(options.store, options.backup, signal);
  const { store, set } = options;
  const before = options.before === undefined ? undefined : momentOf(options.before);
  const entry = await latestBackup(store, {
    set,
    signal,
    now,
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
 * A restored database file has mode 0600 and the owner of this process. On a server it is restored into a
 * database of a temporary name, and renamed.
 *
 * @throws `RESTORE_TARGET_NOT_EMPTY` something stands there, and `overwrite` was not given
 * @throws `BACKUP_MISSING`, `MANIFEST_*`, `ARTIFACT_ALTERED`, `ARTIFACT_UNREADABLE`, `ARCHIVE_HOSTILE`
 * @throws `RESTORE_TARGET_INVALID` a path for a server's backup, or a server for one of files
 * @throws `IDENTITY_MISSING`, `IDENTITY_UNFIT`, `IDENTITY_INVALID` it is encrypted, and cannot be read with what was given
 * @throws `RESTORE_PART_MISSING`, `RESTORE_PART_UNSUPPORTED` it holds nothing of what was chosen; it has no parts
 * @throws `TIME_INVALID`; `RESTORE_DIFFERS` what came out is not what the source was
 */
export async function restoreFromStore(options: RestoreOptions): Promise<Restored> {
  const given = settle(options);
  const children = new Children(given.startChild);
  const settled = { ...given, startChild: children.start };
  const { signal, secret } = settled;
  const keys = new Keyring(options.identities ?? [], secret);
  const manifest = await manifestFor(options, settled);
  const way = restoreWay(sourceOfKind(manifest.source.kind, options.sources), options.to);
  const place = {
    store: options.store,
    path: backupPath(manifest.set, manifest.id),
    signal,
    keys,
    zstd: new ZstdProgram(settled),
  };
  const backup: StoredBackup = { manifest, read: (artifact) => readArtifact(artifact, place) };
  const { overwrite = false, tables, only } = options;
  try {
    const swapped =
      way.kind === 'path'
        ? await restoreToPath(way, backup, { overwrite, only }, settled)
        : await withScratch(settled.scratchRoot, (scratch) =>
            restoreToServer(way, backup, { overwrite, tables }, { ...settled, scratch }),
          );
    return {
      set: manifest.set,
      backup: manifest.id,
      ...swapped,
      dumpedAt: manifest.startedAt,
      plainBytes: plainBytes(manifest),
    };
  } finally {
    await children.end();
  }
}

async function restoreToPath(
  way: Extract<RestoreWay, { readonly kind: 'path' }>,
  backup: StoredBackup,
  {
    overwrite,
    only,
  }: { readonly overwrite: boolean; readonly only: readonly string[] | undefined },
  settled: Settled,
): Promise<Swapped> {
  const { source } = way;
  const { companions = [] } = source;
  const to = resolve(way.to);
  await checkTarget(to, companions, overwrite);
  await mkdir(dirname(to), { recursive: true });
  return withStaging(dirname(to), async (staging) => {
    const staged = join(staging, 'restored');
    const room = { ...settled, scratch: staging };
    await checkScratchSpace(staging, plainBytes(backup.manifest));
    await source.restore(backup, staged, room);
    const { differences } = await source.compare(backup, staged, room);
    if (differences.length > 0) throw restoreDiffers(backup.manifest.id, differences);
    if (only !== undefined) await keepOnly(staged, only);
    await checkTarget(to, companions, overwrite, staged);
    const replaced = await swapIntoPlace(staged, to, { companions, label: backup.manifest.id });
    return { to, ...(replaced === undefined ? {} : { replaced }) };
  });
}

function plainBytes(manifest: Manifest): number {
  return manifest.artifacts.reduce((sum, artifact) => sum + artifact.plainBytes, 0);
}
