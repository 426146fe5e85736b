import { isHoldfastError, objectStoreProblem, type ObjectStore } from '@holdfast/core';
import { isAhead } from '../catalog/ahead.ts';
import { eachAtOnce } from '../catalog/each-at-once.ts';
import type { CatalogEntry, CatalogProblem } from '../catalog/list-backups.ts';
import { listIndexed } from '../catalog/list-indexed.ts';
import { readText } from '../catalog/load-manifest.ts';
import {
  isPointKey,
  parsePoint,
  type PointMember,
  pointsPrefix,
  type RecoveryPoint,
} from '../model/recovery-point.ts';
import { VERIFICATION_LEVELS, type VerificationLevel } from '../model/verification.ts';

/** A member of a recovery point, and what the catalog knows of it. */
export interface ListedMember extends PointMember {
  /** Undefined where the store has no such backup, or another under its name. */
  readonly entry: CatalogEntry | undefined;
}

/** A recovery point in a store. */
export interface ListedPoint {
  readonly point: RecoveryPoint;
  readonly members: readonly ListedMember[];
  /** Whether every member is there, in its size, and none failed its latest verification. */
  readonly isWhole: boolean;
  /** What is proven of all of its members: the least. Null where it is not whole. */
  readonly level: VerificationLevel | null;
}

/** What a store holds of recovery points. */
export interface PointCatalog {
  /** Newest first. */
  readonly points: readonly ListedPoint[];
  /** Objects that should be recovery points, and are damaged. */
  readonly problems: readonly CatalogProblem[];
}

/** Which points are listed. */
export interface PointQuery {
  /** The name that the points of the same sources share. Default: all. */
  readonly name?: string;
  readonly signal?: AbortSignal;
  /** Epoch milliseconds. Default: the machine's clock. */
  readonly now?: () => number;
}

/** Points as they were read; what is damaged is told apart. */
export interface ReadPoints {
  readonly points: readonly RecoveryPoint[];
  readonly problems: readonly CatalogProblem[];
}

/** Reads the points of a store, and none of their members. */
export async function readPoints(store: ObjectStore, query: PointQuery = {}): Promise<ReadPoints> {
  const { name, signal } = query;
  const keys: string[] = [];
  const options = signal === undefined ? {} : { signal };
  for await (const { key } of store.list(pointsPrefix(name), options)) {
    if (isPointKey(key)) keys.push(key);
  }
  const points: RecoveryPoint[] = [];
  const problems: CatalogProblem[] = [];
  await eachAtOnce(keys, async (key) => {
    try {
      points.push(parsePoint(await readText(store, key, signal), key));
    } catch (error) {
      // Listed, and removed since.
      if (objectStoreProblem(error) === 'missing') return;
      if (!isHoldfastError(error) || !error.code.startsWith('RECOVERY_POINT_')) throw error;
      problems.push({ key, code: error.code, message: error.message });
    }
  });
  return { points: points.toSorted(newerFirst), problems };
}

function newerFirst(a: RecoveryPoint, b: RecoveryPoint): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}

/** Names a backup among those of several sets. */
export function memberKey({ set, id }: { readonly set: string; readonly id: string }): string {
  return `${set}/${id}`;
}

/** What of a point is in the catalog. */
export function listedPoint(
  point: RecoveryPoint,
  entries: ReadonlyMap<string, CatalogEntry>,
): ListedPoint {
  const members = point.members.map((member) => {
    const entry = entries.get(memberKey(member));
    return {
      ...member,
      entry: entry?.manifest.sha256 === member.manifestSha256 ? entry : undefined,
    };
  });
  const levels = members.map(({ entry }) =>
    entry === undefined || entry.proof.failedAt !== undefined ? null : entry.proof.level,
  );
  const isWhole = levels.every((level) => level !== null);
  const least = VERIFICATION_LEVELS.find((level) => levels.includes(level)) ?? null;
  return { point, members, isWhole, level: isWhole ? least : null };
}

/** The backups of the sets that points name. */
export async function entriesOf(
  store: ObjectStore,
  sets: Iterable<string>,
  query: Pick<PointQuery, 'signal' | 'now'>,
): Promise<Map<string, CatalogEntry>> {
  const entries = new Map<string, CatalogEntry>();
  for (const set of new Set(sets)) {
    const { signal, now } = query;
    const asked = { set, ...(signal === undefined ? {} : { signal }), ...(now && { now }) };
    const { backups } = await listIndexed(store, asked);
    for (const entry of backups) entries.set(memberKey(entry.manifest), entry);
  }
  return entries;
}

/**
 * Lists the recovery points of a store, from the store alone, with what is proven of their members.
 *
 * @throws what the store throws when it cannot be read
 */
export async function listRecoveryPoints(
  store: ObjectStore,
  query: PointQuery = {},
): Promise<PointCatalog> {
  const { points, problems } = await readPoints(store, query);
  const sets = points.flatMap(({ members }) => members.map(({ set }) => set));
  const entries = await entriesOf(store, sets, query);
  return { points: points.map((point) => listedPoint(point, entries)), problems };
}

/** Which point {@link latestPoint} looks for. */
export interface LatestPointQuery extends PointQuery {
  readonly name: string;
  /** Begun before this time; exclusive. Default: any time. */
  readonly before?: Date;
}

/**
 * The newest recovery point of a name that is whole; undefined when there is none. One dated more than an hour ahead
 * counts when there is no other.
 */
export async function latestPoint(
  store: ObjectStore,
  query: LatestPointQuery,
): Promise<ListedPoint | undefined> {
  const { points } = await listRecoveryPoints(store, query);
  const limit = query.before?.toISOString();
  const now = (query.now ?? Date.now)();
  const found = points.filter(
    ({ point, isWhole }) => isWhole && (limit === undefined || point.startedAt < limit),
  );
  return found.find(({ point }) => !isAhead(point.startedAt, now)) ?? found[0];
}
