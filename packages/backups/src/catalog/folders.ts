import type { ObjectInfo, ObjectStore } from '@holdfast/core';
import { placeOf } from '../model/layout.ts';
import { checkName } from '../model/names.ts';

/** The folder of a backup, or of what was to become one, as the store lists it. */
export interface Folder {
  readonly set: string;
  readonly id: string;
  /** With a trailing slash. */
  readonly path: string;
  /** By their names below the folder. */
  readonly objects: Map<string, ObjectInfo>;
}

/** Which folders are listed. */
export interface FolderQuery {
  /** Only those of this set. Default: all. */
  readonly set?: string;
  readonly signal?: AbortSignal;
}

/** Lists folders, in the order of their keys. */
export async function* listFolders(
  store: ObjectStore,
  query: FolderQuery,
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
