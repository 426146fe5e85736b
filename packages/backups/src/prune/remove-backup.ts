import { HoldfastError, type ObjectStore } from '@holdfast/core';
import { type BackupRef, loadManifest, readText } from '../catalog/load-manifest.ts';
import { backupPath, MANIFEST_NAME, REMOVING_NAME } from '../model/layout.ts';
import { parseManifest, serialiseManifest } from '../model/parse-manifest.ts';
import { pointKey } from '../model/recovery-point.ts';
import type { Forgetting } from '../restic/forget.ts';

/** Where something is removed. */
export interface RemovalPlace {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  /** Removes what lies in repositories of restic. */
  readonly forgetting: Forgetting;
}

async function keysBelow(path: string, { store, signal }: RemovalPlace): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(path, { signal })) keys.push(key);
  return keys;
}

/** Removes what is left of a backup whose manifest is gone; the note that says so, which is that manifest, goes last. */
export async function finishRemoval(path: string, place: RemovalPlace): Promise<void> {
  const { store, signal, forgetting } = place;
  const note = path + REMOVING_NAME;
  const { snapshot } = parseManifest(await readText(store, note, signal), note);
  if (snapshot !== undefined) await forgetting.forget(snapshot);
  for (const key of await keysBelow(path, place)) {
    signal.throwIfAborted();
    if (key !== note) await store.delete(key, { signal });
  }
  await store.delete(note, { signal });
}

async function checkRetained(key: string, { store, signal }: RemovalPlace, now: number) {
  const until = await store.retainedUntil?.(key, { signal });
  if (until === undefined || until <= now) return;
  const time = new Date(until).toISOString();
  throw new HoldfastError('BACKUP_RETAINED', `${store.url} keeps ${key} until ${time}.`, {
    hint: 'It was written with a date before which the store lets nobody remove it. Prune again then.',
    retryable: false,
    context: { key, until: time },
  });
}

/**
 * Removes a recovery point; its backups stay.
 *
 * @throws `BACKUP_RETAINED`, or what the store throws
 */
export async function removePoint(
  point: { readonly name: string; readonly id: string },
  place: RemovalPlace,
  now: number,
): Promise<void> {
  const key = pointKey(point);
  await checkRetained(key, place, now);
  await place.store.delete(key, { signal: place.signal });
}

/**
 * Removes a backup: its manifest is moved to another name, which takes it out of the catalog in one step; then
 * everything else goes. What is interrupted is listed among the removals of the catalog, and
 * {@link finishRemoval} ends it.
 *
 * @throws `BACKUP_RETAINED`, `MANIFEST_ALTERED` it is another than was planned for, or what the store throws
 */
export async function removeBackup(
  backup: BackupRef,
  place: RemovalPlace,
  now: number,
): Promise<void> {
  const { store, signal } = place;
  const path = backupPath(backup.set, backup.id);
  const manifest = await loadManifest(store, backup, signal);
  await checkRetained(path + MANIFEST_NAME, place, now);
  if (manifest.snapshot !== undefined) place.forgetting.repositoryOf(manifest.snapshot);
  await store.put(path + REMOVING_NAME, Buffer.from(serialiseManifest(manifest)), { signal });
  await store.delete(path + MANIFEST_NAME, { signal });
  await finishRemoval(path, place);
}
