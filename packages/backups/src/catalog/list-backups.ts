import type { ObjectStore } from '@holdfast/core';
import { MANIFEST_NAME, REMOVING_NAME } from '../model/layout.ts';
import { type Manifest, recipientsOf } from '../model/manifest.ts';
import { isAhead } from './ahead.ts';
import { eachAtOnce } from './each-at-once.ts';
import { type Folder, type FolderQuery, listFolders } from './folders.ts';
import { type Proof, proofOf } from './proof.ts';
import { type CatalogProblem, type FolderReading, readFolder } from './read-folder.ts';
export type { CatalogProblem } from './read-folder.ts';

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
export interface CatalogQuery extends FolderQuery {
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
}

function removalOf({ set, id, path, objects }: Folder): Removal {
  return { set, id, path, bytes: [...objects.values()].reduce((sum, one) => sum + one.bytes, 0) };
}

function newerFirst(a: CatalogEntry, b: CatalogEntry): number {
  const byTime = compare(b.manifest.startedAt, a.manifest.startedAt);
  return byTime === 0 ? compare(b.manifest.id, a.manifest.id) : byTime;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Puts together what was read. What a proof is worth is judged as of now. */
export function catalogOf(
  readings: readonly FolderReading[],
  removals: readonly Removal[],
  now: number,
): Catalog {
  const backups = readings.flatMap(({ manifest, records, isStored, path, isMarked }) => {
    if (manifest === null) return [];
    // Of what lies elsewhere the listing of this store tells nothing: its records alone do.
    const isThere = isStored && (manifest.snapshot === undefined || records.length > 0);
    const proof = proofOf(records, isThere, now, recipientsOf(manifest));
    return [{ manifest, path, proof, isMarked }];
  });
  const problems = readings.flatMap((reading) => reading.problems);
  return { backups: backups.toSorted(newerFirst), problems, removals };
}

/** Folders in the making, or given up, are passed over; what is being removed is told apart. */
export async function sortFolders(
  store: ObjectStore,
  query: FolderQuery,
): Promise<{ readonly published: Folder[]; readonly removals: Removal[] }> {
  const published: Folder[] = [];
  const removals: Removal[] = [];
  for await (const folder of listFolders(store, query)) {
    if (folder.objects.has(MANIFEST_NAME)) published.push(folder);
    else if (folder.objects.has(REMOVING_NAME)) removals.push(removalOf(folder));
  }
  return { published, removals };
}

/**
 * Lists the backups of a store, from the store alone: no other record is needed, on whatever machine. Every manifest
 * is read; `listIndexed` reads those alone that it does not know yet.
 *
 * @throws what the store throws when it cannot be read
 */
export async function listBackups(store: ObjectStore, query: CatalogQuery = {}): Promise<Catalog> {
  const { published, removals } = await sortFolders(store, query);
  const readings = await eachAtOnce(published, (folder) => readFolder(store, folder, query.signal));
  return catalogOf(readings, removals, (query.now ?? Date.now)());
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
