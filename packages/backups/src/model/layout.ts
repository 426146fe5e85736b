import { isBackupId } from './backup-id.ts';

/** Written last: a folder without it is no backup. */
export const MANIFEST_NAME = 'manifest.json';
/** What a manifest becomes before its backup's bytes are removed: a folder with it alone is no backup any more. */
export const REMOVING_NAME = 'removing.json';
/** Hashes of all stored files, for `sha256sum -c`. */
export const SUMS_NAME = 'SHA256SUMS';
/** The commands that restore the backup without Holdfast. */
export const GUIDE_NAME = 'RESTORE.md';
/** Folder of the verification records. */
export const VERIFICATIONS_NAME = 'verifications';

/** Where a backup lies: `<set>/<yyyy>/<mm>/<backup id>/`, the month in UTC. */
export function backupPath(set: string, id: string): string {
  return `${set}/${id.slice(0, 4)}/${id.slice(4, 6)}/${id}/`;
}

/** What an object is to the catalog. */
export interface PlacedObject {
  readonly set: string;
  readonly id: string;
  /** The backup's folder, with a trailing slash. */
  readonly path: string;
  /** The key's rest below that folder. */
  readonly name: string;
}

/** Reads an object's place from its key; undefined for a key that belongs to no backup. */
export function placeOf(key: string): PlacedObject | undefined {
  const [set, , , id, ...rest] = key.split('/');
  if (set === undefined || id === undefined || rest.length === 0 || !isBackupId(id)) {
    return undefined;
  }
  const path = backupPath(set, id);
  return key.startsWith(path) ? { set, id, path, name: rest.join('/') } : undefined;
}
