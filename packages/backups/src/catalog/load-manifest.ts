import { HoldfastError, objectStoreProblem, type ObjectStore } from '@holdfast/core';
import { backupPath, MANIFEST_NAME } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { parseManifest } from '../model/parse-manifest.ts';

/** Larger than any manifest: a limit for what is read into memory, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Reads a small object whole. */
export async function readText(
  store: ObjectStore,
  key: string,
  signal?: AbortSignal,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of store.get(key, signal === undefined ? {} : { signal })) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) {
      throw new HoldfastError('MANIFEST_INVALID', `${key} is too large to be what it should be.`, {
        retryable: false,
        context: { key },
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Which backup: as a task was given it, or by name alone. */
export interface BackupRef {
  readonly set: string;
  readonly id: string;
  /** When given, another manifest under the same name is refused. */
  readonly manifestSha256?: string;
}

/**
 * Reads a backup's manifest from its store.
 *
 * @throws `BACKUP_MISSING`, `MANIFEST_INVALID`, `MANIFEST_ALTERED`, `MANIFEST_NEWER`, or what the store throws
 */
export async function loadManifest(
  store: ObjectStore,
  backup: BackupRef,
  signal?: AbortSignal,
): Promise<Manifest> {
  const key = backupPath(backup.set, backup.id) + MANIFEST_NAME;
  const content = await readText(store, key, signal).catch((error: unknown) => {
    if (objectStoreProblem(error) !== 'missing') throw error;
    throw new HoldfastError('BACKUP_MISSING', `${store.url} has no backup ${key}.`, {
      hint: 'List the backups of the set; without a manifest there is no backup.',
      retryable: false,
      cause: error,
      context: { key },
    });
  });
  const manifest = parseManifest(content, key);
  if (manifest.id === backup.id && manifest.set === backup.set) {
    return asNamed(manifest, backup.manifestSha256);
  }
  throw new HoldfastError(
    'MANIFEST_INVALID',
    `The manifest ${key} is that of another backup: ${manifest.set}, ${manifest.id}.`,
    { hint: 'The folder was moved or renamed. Put it back.', retryable: false, context: { key } },
  );
}

function asNamed(manifest: Manifest, expected: string | undefined): Manifest {
  if (expected === undefined || expected === manifest.sha256) return manifest;
  throw new HoldfastError('MANIFEST_ALTERED', `The manifest of ${manifest.id} was replaced.`, {
    hint: 'Somebody or something changed it. Use another copy.',
    retryable: false,
    context: { expected, found: manifest.sha256 },
  });
}
