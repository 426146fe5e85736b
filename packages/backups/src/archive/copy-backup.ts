import { type Duration, HoldfastError, type ObjectStore } from '@holdfast/core';
import { type BackupRef, loadManifest, readText } from '../catalog/load-manifest.ts';
import { backupPath, MANIFEST_NAME } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { serialiseManifest } from '../model/parse-manifest.ts';
import {
  checkStored,
  readStored,
  type ReadPlace,
  storedFile,
  type StoredFile,
} from '../pipeline/read-artifact.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { keepRecord } from '../verify/record.ts';
import { retainUntilOf } from './retain-until.ts';

/** How a backup is copied to another store. */
export interface CopyOptions extends Pick<WorkOptions, 'signal' | 'now'> {
  readonly backup: BackupRef;
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  /** The second store's name, for {@link Copy.store}. */
  readonly toName: string;
  /**
   * How long the store itself keeps the copy from being changed or removed, by whomever; from now on, give or take a
   * day. Default: not at all.
   */
  readonly retainFor?: Duration;
  /** Called just before the manifest is written there; what it throws keeps the copy from being published. */
  readonly beforePublish?: () => Promise<void>;
}

/** A copy of a backup, as plain data. */
export interface Copy {
  readonly set: string;
  readonly id: string;
  /** Name under which its store was given. */
  readonly store: string;
  /** Its folder there, with a trailing slash. */
  readonly path: string;
  /** Bytes sent; 0 when everything was there already. */
  readonly copiedBytes: number;
  /** Objects that an earlier attempt had brought over, and that were right. */
  readonly keptObjects: number;
  readonly manifestSha256: string;
  /** Until when its store keeps it, ISO 8601; absent without `retainFor`. */
  readonly retainedUntil?: string;
}

/** Where a copy goes. */
interface CopyPlace extends ReadPlace {
  /** Epoch milliseconds. */
  readonly retainUntil: number | undefined;
}

const DAY = 86_400_000;

/** What an earlier attempt brought over is kept a little shorter; what was brought over without a date is not kept. */
async function isRetained(
  key: string,
  { store, retainUntil, signal }: CopyPlace,
): Promise<boolean> {
  if (retainUntil === undefined) return true;
  const until = await store.retainedUntil?.(key, { signal });
  return until !== undefined && until >= retainUntil - DAY;
}

function retentionOf({ retainUntil }: CopyPlace): { readonly retainUntil?: number } {
  return retainUntil === undefined ? {} : { retainUntil };
}

/** Whether an object is there already, whole: its size first, then its hash. */
async function isThere(file: StoredFile, place: CopyPlace): Promise<boolean> {
  const info = await place.store.head(place.path + file.name, { signal: place.signal });
  if (info?.bytes !== file.bytes) return false;
  if (!(await isRetained(place.path + file.name, place))) return false;
  return checkStored(file, place).then(
    () => true,
    (error: unknown) => {
      if (error instanceof HoldfastError && error.code === 'ARTIFACT_ALTERED') return false;
      throw error;
    },
  );
}

/** Copies one object, hash-checked as it leaves, and reads it back from where it arrived. */
async function copyFile(file: StoredFile, from: ReadPlace, to: CopyPlace): Promise<void> {
  const options = { signal: to.signal, ...retentionOf(to) };
  await to.store.put(to.path + file.name, readStored(file, from, true), options);
  await checkStored(file, to);
}

/** @returns whether the same manifest is there already */
async function checkManifest(manifest: Manifest, to: CopyPlace): Promise<boolean> {
  const key = to.path + MANIFEST_NAME;
  if ((await to.store.head(key, { signal: to.signal })) === undefined) return false;
  if ((await readText(to.store, key, to.signal)) === serialiseManifest(manifest)) return true;
  throw new HoldfastError('COPY_CONFLICT', `${to.store.url} has another manifest as ${key}.`, {
    hint: 'Nothing was overwritten. Find out which of the two is right.',
    retryable: false,
    context: { key },
  });
}

/** Writes the manifest; once more where it is there and may be removed too soon. */
async function publish(manifest: Manifest, to: CopyPlace, options: CopyOptions): Promise<void> {
  const key = to.path + MANIFEST_NAME;
  const wasPublished = await checkManifest(manifest, to);
  if (wasPublished && (await isRetained(key, to))) return;
  await options.beforePublish?.();
  to.signal.throwIfAborted();
  await to.store.put(key, Buffer.from(serialiseManifest(manifest)), {
    ifAbsent: !wasPublished && to.store.properties.ifAbsent !== false,
    signal: to.signal,
    ...retentionOf(to),
  });
  await checkManifest(manifest, to);
}

/** A manifest alone would look like a copy, and be none. */
function checkCopyable({ id, snapshot }: Manifest): void {
  if (snapshot === undefined) return;
  throw new HoldfastError('BACKUP_ELSEWHERE', `The data of ${id} is in ${snapshot.repository}.`, {
    hint: "It is a snapshot of restic: copy it to another repository by restic's own `copy`.",
    retryable: false,
    context: { backup: id, repository: snapshot.repository },
  });
}

/**
 * Copies a backup to another store: its objects, each read back from there, then its manifest. A copy
 * that was interrupted goes on where it was: what is there with the right hash is not sent again. What
 * is there with a wrong one is replaced. The copy's own record, of the level `checksum`, is kept there.
 *
 * @throws `BACKUP_MISSING`, `BACKUP_ELSEWHERE`, `MANIFEST_*`; `ARTIFACT_ALTERED` this copy is damaged, or the other store
 *   gives back something else; `COPY_CONFLICT`; `RETENTION_UNSUPPORTED`; or what the stores throw
 */
export async function copyBackup(options: CopyOptions): Promise<Copy> {
  const { signal, now } = settle(options);
  const startedAt = now();
  const manifest = await loadManifest(options.from, options.backup, signal);
  checkCopyable(manifest);
  const path = backupPath(manifest.set, manifest.id);
  const counts = { objects: 0, storedBytes: 0, plainBytes: 0 };
  const from: ReadPlace = { store: options.from, path, signal };
  const retainUntil = retainUntilOf(options, startedAt);
  const to: CopyPlace = { store: options.to, path, signal, counts, retainUntil };
  await checkManifest(manifest, to);
  let copiedBytes = 0;
  let keptObjects = 0;
  for (const file of [...manifest.artifacts.map(storedFile), ...manifest.documents]) {
    if (await isThere(file, to)) {
      keptObjects += 1;
      continue;
    }
    await copyFile(file, from, to);
    copiedBytes += file.bytes;
  }
  await publish(manifest, to, options);
  const examination = { reached: 'checksum', compared: counts } as const;
  await keepRecord({
    backup: manifest,
    store: options.to,
    level: 'checksum',
    startedAt,
    endedAt: now(),
    examination,
    problem: null,
  });
  const { toName: store } = options;
  const { set, id, sha256: manifestSha256 } = manifest;
  const copy = { set, id, store, path, copiedBytes, keptObjects, manifestSha256 };
  if (retainUntil === undefined) return copy;
  return { ...copy, retainedUntil: new Date(retainUntil).toISOString() };
}
