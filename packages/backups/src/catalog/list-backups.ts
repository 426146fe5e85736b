import { isHoldfastError, type ObjectInfo, type ObjectStore } from '@holdfast/core';
import { MANIFEST_NAME, placeOf, REMOVING_NAME, VERIFICATIONS_NAME } from '../model/layout.ts';
import { type Manifest, recipientsOf } from '../model/manifest.ts';
import { checkName } from '../model/names.ts';
import { parseVerification, type Verification } from '../model/verification.ts';
import { isAhead } from './ahead.ts';
import { loadManifest, readText } from './load-manifest.ts';
import { type Proof, proofOf } from './proof.ts';

/** A backup in a catalog. */
export interface CatalogEntry {
  readonly manifest: Manifest;
  /** Its folder, with a trailing slash. */
  readonly path: string;
  /** What its verifications in this store prove. */
  readonly proof: Proof;
  /** Whether a removal of it had begun, and was interrupted while it was still whole. */
  readonly isMarked: boolean;
}

/** Something in a store that should be a backup, or part of one, and is not. */
export interface CatalogProblem {
  /** The object or folder. */
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** A backup whose removal has begun and has not ended: it is no backup any more. */
export interface Removal {
  readonly set: string;
  readonly id: string;
  /** Its folder, with a trailing slash. */
  readonly path: string;
  /** Size of what is still there, in bytes. */
  readonly bytes: number;
}

/** What a store holds. */
export interface Catalog {
  /** Newest first. */
  readonly backups: readonly CatalogEntry[];
  /** A damaged manifest stands here, and hides nothing else. */
  readonly problems: readonly CatalogProblem[];
  /** The next prune ends them. */
  readonly removals: readonly Removal[];
}

/** What of a catalog is asked for. */
export interface CatalogQuery {
  /** Only this set. Default: all. */
  readonly set?: string;
  readonly signal?: AbortSignal;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
}

interface Folder {
  readonly set: string;
  readonly id: string;
  readonly path: string;
  readonly objects: Map<string, ObjectInfo>;
}

async function* folders(
  store: ObjectStore,
  query: CatalogQuery,
): AsyncGenerator<Folder, void, void> {
  const prefix = query.set === undefined ? '' : `${checkName('backup set', query.set)}/`;
  const options = query.signal === undefined ? {} : { signal: query.signal };
  let folder: Folder | undefined;
  // Keys come in order, so the objects of a folder come together.
  for await (const info of store.list(prefix, options)) {
    const place = placeOf(info.key);
    if (place === undefined) continue;
    if (folder?.path !== place.path) {
      if (folder !== undefined) yield folder;
      folder = { set: place.set, id: place.id, path: place.path, objects: new Map() };
    }
    folder.objects.set(place.name, info);
  }
  if (folder !== undefined) yield folder;
}

class CatalogReader {
  readonly backups: CatalogEntry[] = [];
  readonly problems: CatalogProblem[] = [];
  readonly removals: Removal[] = [];
  readonly #store: ObjectStore;
  readonly #signal: AbortSignal | undefined;
  readonly #now: () => number;

  constructor(store: ObjectStore, { signal, now = Date.now }: CatalogQuery) {
    this.#store = store;
    this.#signal = signal;
    this.#now = now;
  }

  async take(folder: Folder): Promise<void> {
    // Not published: being written now, or given up.
    if (!folder.objects.has(MANIFEST_NAME)) {
      if (folder.objects.has(REMOVING_NAME)) this.removals.push(removalOf(folder));
      return;
    }
    const manifest = await this.#orProblem(folder.path + MANIFEST_NAME, () =>
      loadManifest(this.#store, folder, this.#signal),
    );
    if (manifest === undefined) return;
    const isStored = this.#checkSizes(folder, manifest);
    const verifications = await this.#verifications(folder, manifest);
    const proof = proofOf(verifications, isStored, this.#now(), recipientsOf(manifest));
    const isMarked = folder.objects.has(REMOVING_NAME);
    this.backups.push({ manifest, path: folder.path, proof, isMarked });
  }

  /** The listing tells sizes: what is missing or cut shows without reading a byte. */
  #checkSizes(folder: Folder, manifest: Manifest): boolean {
    const expected = [
      ...manifest.artifacts.map(({ name, storedBytes }) => ({ name, bytes: storedBytes })),
      ...manifest.documents,
    ];
    const wrong = expected.filter(({ name, bytes }) => folder.objects.get(name)?.bytes !== bytes);
    for (const { name, bytes } of wrong) {
      const found = folder.objects.get(name)?.bytes;
      const key = folder.path + name;
      const state = found === undefined ? 'is missing' : `has ${found} bytes instead of ${bytes}`;
      this.problems.push({
        key,
        code: found === undefined ? 'OBJECT_MISSING' : 'ARTIFACT_ALTERED',
        message: `${key} ${state}.`,
      });
    }
    return wrong.length === 0;
  }

  async #verifications(folder: Folder, manifest: Manifest): Promise<Verification[]> {
    const records: Verification[] = [];
    for (const [name, { key }] of folder.objects) {
      if (!name.startsWith(`${VERIFICATIONS_NAME}/`)) continue;
      const record = await this.#orProblem(key, async () =>
        parseVerification(await readText(this.#store, key, this.#signal), key),
      );
      if (record !== undefined && isAbout(record, manifest)) records.push(record);
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
      this.problems.push({ key, code: error.code, message: error.message });
      return undefined;
    }
  }
}

function removalOf({ set, id, path, objects }: Folder): Removal {
  return { set, id, path, bytes: [...objects.values()].reduce((sum, one) => sum + one.bytes, 0) };
}

function isAbout(record: Verification, manifest: Manifest): boolean {
  return record.backup === manifest.id && record.manifestSha256 === manifest.sha256;
}

function newerFirst(a: CatalogEntry, b: CatalogEntry): number {
  const byTime = b.manifest.startedAt.localeCompare(a.manifest.startedAt, 'en');
  return byTime === 0 ? b.manifest.id.localeCompare(a.manifest.id, 'en') : byTime;
}

/**
 * Lists the backups of a store, from the store alone: no other record is needed, on whatever machine.
 *
 * @throws what the store throws when it cannot be read
 */
export async function listBackups(store: ObjectStore, query: CatalogQuery = {}): Promise<Catalog> {
  const reader = new CatalogReader(store, query);
  for await (const folder of folders(store, query)) await reader.take(folder);
  const { problems, removals } = reader;
  return { backups: reader.backups.toSorted(newerFirst), problems, removals };
}

/** The first of entries that come newest first, those dated ahead put last. */
export function newestOf(
  entries: readonly CatalogEntry[],
  now: () => number = Date.now,
): CatalogEntry | undefined {
  return entries.find(({ manifest }) => !isAhead(manifest.startedAt, now())) ?? entries[0];
}

/** Which backup {@link latestBackup} looks for. */
export interface LatestQuery extends CatalogQuery {
  readonly set: string;
  /** Dumped before this time; exclusive. Default: any time. */
  readonly before?: Date;
}

/**
 * The newest backup of a set; undefined when there is none. It need not be proven: see its `proof`. One that
 * is dated more than an hour ahead was made while a clock was wrong: it counts when there is no other.
 */
export async function latestBackup(
  store: ObjectStore,
  query: LatestQuery,
): Promise<CatalogEntry | undefined> {
  const { backups } = await listBackups(store, query);
  const limit = query.before?.toISOString();
  const found = backups.filter(({ manifest }) => limit === undefined || manifest.startedAt < limit);
  return newestOf(found, query.now);
}
