import { createHash, hash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { objectStoreProblem, type ObjectStore } from '@holdfast/core';
import { checkName } from '../model/names.ts';
import { TOOL_NAME } from '../package-version.ts';
import type { Folder } from './folders.ts';
import type { FolderReading } from './read-folder.ts';

/** A reading, and the listing that it was made from. */
export interface IndexedFolder {
  /** As {@link listingOf} gave it. */
  readonly listing: string;
  readonly reading: FolderReading;
}

/** What was read of a set, by the paths of the folders. */
export type SetIndex = ReadonlyMap<string, IndexedFolder>;

/** Why an index is not used. */
export type IndexFault = 'missing' | 'damaged' | 'other-version';

const FORMAT = 'holdfast-catalog-index';
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** Where the index of a set lies: beside its backups, which are found without it. */
function indexKey(set: string): string {
  return `${checkName('backup set', set)}/catalog.ndjson.zst`;
}

/** Tells the listing of a folder from any other: names, sizes and times of its objects. */
export function listingOf({ objects }: Folder): string {
  const lines = [...objects].map(
    ([name, { bytes, modifiedAt }]) => `${name} ${bytes} ${modifiedAt}\n`,
  );
  return hash('sha256', lines.join(''), 'base64url');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readBytes(store: ObjectStore, key: string, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.get(key, signal === undefined ? {} : { signal }))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parse(text: Buffer): SetIndex | IndexFault {
  const end = text.indexOf(0x0a);
  const header = JSON.parse(text.toString('utf8', 0, end)) as Record<string, unknown>;
  if (header['format'] !== FORMAT) return 'damaged';
  // What this version has written it can read: there is no other form to reckon with.
  if (header['tool'] !== TOOL_NAME) return 'other-version';
  const body = text.subarray(end + 1);
  if (header['sha256'] !== sha256(body)) return 'damaged';
  const folders = body.toString('utf8').split('\n').slice(0, -1);
  return new Map(
    folders.map((line) => {
      const folder = JSON.parse(line) as IndexedFolder;
      return [folder.reading.path, folder];
    }),
  );
}

/**
 * Reads the index of a set. One that is not there, cut, altered, or of another version is none.
 *
 * @throws what the store throws when it cannot be read
 */
export async function readIndex(
  store: ObjectStore,
  set: string,
  signal?: AbortSignal,
): Promise<SetIndex | IndexFault> {
  let stored: Buffer;
  try {
    stored = await readBytes(store, indexKey(set), signal);
  } catch (error) {
    if (objectStoreProblem(error) === 'missing') return 'missing';
    throw error;
  }
  try {
    return parse(await decompress(stored));
  } catch {
    return 'damaged';
  }
}

/** Replaces the index of a set. */
export async function writeIndex(
  store: ObjectStore,
  set: string,
  index: SetIndex,
  signal?: AbortSignal,
): Promise<void> {
  const body = Buffer.from([...index.values()].map((one) => `${JSON.stringify(one)}\n`).join(''));
  const header = { format: FORMAT, tool: TOOL_NAME, sha256: sha256(body) };
  const text = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
  await store.put(indexKey(set), await compress(text), signal === undefined ? {} : { signal });
}
