import type { ObjectStore } from '@holdfast/core';
import { MANIFEST_NAME, placeOf } from '../model/layout.ts';
import { loadManifest } from './load-manifest.ts';

/**
 * How many bytes the last backup of a set takes in a store: about what the next one will. Of all its manifests one
 * is read.
 *
 * @returns undefined when there is none
 */
export async function lastStoredBytes(
  store: ObjectStore,
  set: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  let last: string | undefined;
  for await (const { key } of store.list(`${set}/`, { signal })) {
    const place = placeOf(key);
    if (place?.name === MANIFEST_NAME && (last === undefined || place.id > last)) last = place.id;
  }
  if (last === undefined) return undefined;
  const { artifacts } = await loadManifest(store, { set, id: last }, signal);
  return artifacts.reduce((sum, { storedBytes }) => sum + storedBytes, 0);
}
