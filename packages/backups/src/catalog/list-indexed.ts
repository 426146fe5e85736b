import { HoldfastError, type ObjectStore, ObjectStoreError } from '@holdfast/core';
import { eachAtOnce } from './each-at-once.ts';
import type { Folder } from './folders.ts';
import {
  type IndexedFolder,
  type IndexFault,
  listingOf,
  readIndex,
  type SetIndex,
  writeIndex,
} from './index-file.ts';
import { type Catalog, type CatalogQuery, catalogOf, sortFolders } from './list-backups.ts';
import { readFolder } from './read-folder.ts';

/** What of a catalog is asked for, and how it is found. */
export interface IndexedQuery extends CatalogQuery {
  /**
   * Whether the index is held against the store's listing, and mended. False: what it says is taken as it is, also where
   * backups have come or gone since; a set must be named then. Default true.
   */
  readonly check?: boolean;
}

/** What was done with the index of a set. */
export interface IndexUse {
  readonly set: string;
  /** Why it was not used: it was made anew then. Absent where it was used. */
  readonly fault?: IndexFault;
  /** How many folders had to be read: those that were not in it as they are now. */
  readonly read: number;
  /** Why it could not be written, where it had to be: the catalog is right all the same. */
  readonly unwritten?: string;
}

/** A catalog that was found by way of indexes. */
export interface IndexedCatalog extends Catalog {
  /** One for each set that has backups. */
  readonly indexes: readonly IndexUse[];
}

interface SetCatalog {
  readonly use: IndexUse;
  readonly folders: readonly IndexedFolder[];
}

/** A store that takes no writes, or is full, still has a catalog. */
async function written(
  store: ObjectStore,
  set: string,
  folders: readonly IndexedFolder[],
  signal: AbortSignal | undefined,
): Promise<{ readonly unwritten?: string }> {
  const known = folders.filter(({ reading }) => reading.problems.length === 0);
  const index = new Map(known.map((one) => [one.reading.path, one]));
  try {
    await writeIndex(store, set, index, signal);
    return {};
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ObjectStoreError) return { unwritten: error.code };
    throw error;
  }
}

/** Reads what is not in the index as it is now, and mends the index. */
async function mended(
  store: ObjectStore,
  set: string,
  published: readonly Folder[],
  signal: AbortSignal | undefined,
): Promise<SetCatalog> {
  const found = await readIndex(store, set, signal);
  const index: SetIndex = typeof found === 'string' ? new Map() : found;
  let read = 0;
  let isDamaged = 0;
  const folders = await eachAtOnce(published, async (folder) => {
    const listing = listingOf(folder);
    const known = index.get(folder.path);
    if (known?.listing === listing) return known;
    read += 1;
    const reading = await readFolder(store, folder, signal);
    // What is damaged is not kept, but read each time.
    if (reading.problems.length > 0) isDamaged += 1;
    return { listing, reading };
  });
  const isAsItWas = read === isDamaged && index.size === folders.length - isDamaged;
  const fault = typeof found === 'string' ? { fault: found } : {};
  const isKept = isAsItWas && typeof found !== 'string';
  const write = isKept ? {} : await written(store, set, folders, signal);
  return { use: { set, read, ...fault, ...write }, folders };
}

async function unchecked(
  store: ObjectStore,
  query: IndexedQuery,
): Promise<IndexedCatalog | undefined> {
  const { set, signal, now = Date.now } = query;
  if (set === undefined) {
    throw new HoldfastError(
      'OPTIONS_INVALID',
      'A catalog without a check needs the name of a set.',
      {
        hint: 'Name the set, or have the index checked: that lists the store.',
        retryable: false,
      },
    );
  }
  const index = await readIndex(store, set, signal);
  if (typeof index === 'string') return undefined;
  const readings = [...index.values()].map(({ reading }) => reading);
  return { ...catalogOf(readings, [], now()), indexes: [{ set, read: 0 }] };
}

/**
 * Lists the backups of a store by way of an index for each set, `<set>/catalog.ndjson.zst`, which is derived from the
 * backups and held against the store's listing: of what has come or changed the manifests are read, what is gone is
 * forgotten, and the index is mended. One that is missing or damaged is made anew. The catalog is that of
 * `listBackups`, but for bytes of a manifest that changed while its size and time did not. Nothing is restored or
 * removed by an index alone.
 *
 * @throws `OPTIONS_INVALID`, or what the store throws when it cannot be read
 */
export async function listIndexed(
  store: ObjectStore,
  query: IndexedQuery = {},
): Promise<IndexedCatalog> {
  if (query.check === false) {
    const catalog = await unchecked(store, query);
    if (catalog !== undefined) return catalog;
  }
  const { published, removals } = await sortFolders(store, query);
  const sets = [...Map.groupBy(published, ({ set }) => set)];
  const catalogs: SetCatalog[] = [];
  for (const [set, folders] of sets) {
    catalogs.push(await mended(store, set, folders, query.signal));
  }
  const readings = catalogs.flatMap(({ folders }) => folders.map(({ reading }) => reading));
  const catalog = catalogOf(readings, removals, (query.now ?? Date.now)());
  return { ...catalog, indexes: catalogs.map(({ use }) => use) };
}
