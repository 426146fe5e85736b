import { isHoldfastError, type ObjectStore } from '@holdfast/core';
import { MANIFEST_NAME, REMOVING_NAME, VERIFICATIONS_NAME } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { parseVerification, type Verification } from '../model/verification.ts';
import type { Folder } from './folders.ts';
import { loadManifest, readText } from './load-manifest.ts';
import type { ProvingRecord } from './proof.ts';

/** Something in a store that should be a backup, or part of one, and is not. */
export interface CatalogProblem {
  /** The object or folder. */
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** What a folder holds, as it was read; the same at whatever time. */
export interface FolderReading {
  readonly path: string;
  /** Null where it cannot be read. */
  readonly manifest: Manifest | null;
  /** What its verifications say. */
  readonly records: readonly ProvingRecord[];
  /** Whether all its objects are there, in their sizes. */
  readonly isStored: boolean;
  /** Whether a removal of it had begun, and was interrupted while it was still whole. */
  readonly isMarked: boolean;
  readonly problems: readonly CatalogProblem[];
}

class FolderReader {
  readonly #store: ObjectStore;
  readonly #folder: Folder;
  readonly #signal: AbortSignal | undefined;
  readonly #problems: CatalogProblem[] = [];

  constructor(store: ObjectStore, folder: Folder, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#folder = folder;
    this.#signal = signal;
  }

  async read(): Promise<FolderReading> {
    const folder = this.#folder;
    const { path, objects } = folder;
    const isMarked = objects.has(REMOVING_NAME);
    const manifest = await this.#orProblem(path + MANIFEST_NAME, () =>
      loadManifest(this.#store, folder, this.#signal),
    );
    const problems = this.#problems;
    if (manifest === undefined) {
      return { path, manifest: null, records: [], isStored: false, isMarked, problems };
    }
    const isStored = this.#checkSizes(manifest);
    const records = await this.#records(manifest);
    return { path, manifest, records, isStored, isMarked, problems };
  }

  /** The listing tells sizes: what is missing or cut shows without reading a byte. */
  #checkSizes(manifest: Manifest): boolean {
    const { objects, path } = this.#folder;
    const expected = [
      ...manifest.artifacts.map(({ name, storedBytes }) => ({ name, bytes: storedBytes })),
      ...manifest.documents,
    ];
    const wrong = expected.filter(({ name, bytes }) => objects.get(name)?.bytes !== bytes);
    for (const { name, bytes } of wrong) {
      const found = objects.get(name)?.bytes;
      const key = path + name;
      const state = found === undefined ? 'is missing' : `has ${found} bytes instead of ${bytes}`;
      this.#problems.push({
        key,
        code: found === undefined ? 'OBJECT_MISSING' : 'ARTIFACT_ALTERED',
        message: `${key} ${state}.`,
      });
    }
    return wrong.length === 0;
  }

  async #records(manifest: Manifest): Promise<ProvingRecord[]> {
    const records: ProvingRecord[] = [];
    for (const [name, { key }] of this.#folder.objects) {
      if (!name.startsWith(`${VERIFICATIONS_NAME}/`)) continue;
      const record = await this.#orProblem(key, async () =>
        parseVerification(await readText(this.#store, key, this.#signal), key),
      );
      if (record === undefined || !isAbout(record, manifest)) continue;
      const { outcome, reached, endedAt, durationMs, identities, sample } = record;
      const decrypted = identities === undefined ? {} : { identities };
      const part = sample === undefined ? {} : { sample };
      records.push({ outcome, reached, endedAt, durationMs, ...decrypted, ...part });
    }
    return records;
  }

  /**
   * Damage is noted and passed over, and so is what was listed and is gone. A store that cannot be reached
   * is no damage.
   */
  async #orProblem<T>(key: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      const isDamage =
        isHoldfastError(error) &&
        /^(?:MANIFEST_|VERIFICATION_|BACKUP_MISSING|OBJECT_MISSING)/.test(error.code);
      if (!isDamage) throw error;
      this.#problems.push({ key, code: error.code, message: error.message });
      return undefined;
    }
  }
}

function isAbout(record: Verification, manifest: Manifest): boolean {
  return record.backup === manifest.id && record.manifestSha256 === manifest.sha256;
}

/**
 * Reads what a folder holds. Damage is noted, and hides nothing else.
 *
 * @throws what the store throws when it cannot be read
 */
export function readFolder(
  store: ObjectStore,
  folder: Folder,
  signal?: AbortSignal,
): Promise<FolderReading> {
  return new FolderReader(store, folder, signal).read();
}
