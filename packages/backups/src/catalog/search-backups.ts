import type { ObjectStore } from '@holdfast/core';
import { reaches, type VerificationLevel } from '../model/verification.ts';
import type { Manifest } from '../model/manifest.ts';
import type { CatalogEntry } from './list-backups.ts';
import { type IndexedQuery, listIndexed } from './list-indexed.ts';

/** Which backups are looked for. All conditions must hold. */
export interface BackupSearch extends IndexedQuery {
  /** Name of the source. */
  readonly source?: string;
  /** Kind of the source: 'sqlite', 'files'. */
  readonly kind?: string;
  /** Dumped at this time or later. */
  readonly from?: Date;
  /** Dumped before this time. */
  readonly before?: Date;
  /** At least so much is proven, and no later verification failed. */
  readonly level?: VerificationLevel;
  /**
   * A text, in whatever case, that is found in its id, set, source (name, kind, where it was), artifacts, tables, warnings,
   * tools or flow run.
   */
  readonly text?: string;
  /** At most so many, the newest. Default: all. */
  readonly limit?: number;
}

function textsOf(manifest: Manifest): string[] {
  const { id, set, source, artifacts, warnings, tools, runId, fingerprint } = manifest;
  return [
    id,
    set,
    source.name,
    source.kind,
    JSON.stringify(source.identity),
    ...artifacts.map(({ name }) => name),
    ...warnings,
    ...tools.map(({ name, version }) => `${name} ${version}`),
    runId ?? '',
    ...(fingerprint.kind === 'database' ? fingerprint.tables.map(({ table }) => table) : []),
  ];
}

function holds(search: BackupSearch, { manifest, proof }: CatalogEntry): boolean {
  const { source, kind, from, before, level, text } = search;
  const time = Date.parse(manifest.startedAt);
  const isProven =
    proof.failedAt === undefined && proof.level !== null && reaches(proof.level, level ?? 'stored');
  const wanted = text?.toLowerCase();
  return (
    (source === undefined || manifest.source.name === source) &&
    (kind === undefined || manifest.source.kind === kind) &&
    (from === undefined || time >= from.getTime()) &&
    (before === undefined || time < before.getTime()) &&
    (level === undefined || isProven) &&
    (wanted === undefined || textsOf(manifest).some((one) => one.toLowerCase().includes(wanted)))
  );
}

/**
 * Finds backups in a store, newest first, by way of its indexes.
 *
 * @throws see {@link listIndexed}
 */
export async function searchBackups(
  store: ObjectStore,
  search: BackupSearch,
): Promise<CatalogEntry[]> {
  const { backups } = await listIndexed(store, search);
  return backups.filter((entry) => holds(search, entry)).slice(0, search.limit);
}
