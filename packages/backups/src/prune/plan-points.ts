import type { ObjectStore } from '@holdfast/core';
import type { Catalog, CatalogEntry, CatalogProblem } from '../catalog/list-backups.ts';
import { plainBytesOf } from '../model/manifest.ts';
import type { RecoveryPoint } from '../model/recovery-point.ts';
import {
  entriesOf,
  listedPoint,
  type ListedPoint,
  memberKey,
  readPoints,
} from '../points/list-points.ts';
import type { RetentionFinding } from '../retention/anomaly.ts';
import { type RetentionDecision, planRetention } from '../retention/plan.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import type { RetainedBackup } from '../retention/retained-backup.ts';

/** A recovery point as retention judges it. */
export interface WeighablePoint extends RetainedBackup {
  readonly point: RecoveryPoint;
}

/** What becomes of the recovery points of a store. */
export interface PointsPlan {
  readonly kept: readonly RetentionDecision<WeighablePoint>[];
  /** Oldest first. */
  readonly doomed: readonly RetentionDecision<WeighablePoint>[];
  readonly findings: readonly RetentionFinding[];
  readonly problems: readonly CatalogProblem[];
}

/** What points are judged by. */
export interface PointsQuery {
  readonly store: ObjectStore;
  readonly policy: RetentionPolicy;
  /** Only points with a backup of this set. */
  readonly set: string | undefined;
  /** What was listed of the store: of that set, or of all. */
  readonly catalog: Catalog;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

function weighable({ point, members, isWhole, level }: ListedPoint): WeighablePoint {
  const { id, name: set, startedAt } = point;
  const bytes = members.reduce(
    (sum, { entry }) => sum + (entry ? plainBytesOf(entry.manifest) : 0),
    0,
  );
  return { id, set, startedAt, bytes, level, failed: !isWhole, point };
}

/** What is known of the members: of sets that were not listed the catalog is asked for. */
async function entriesFor(
  points: readonly RecoveryPoint[],
  { store, set, catalog, signal, now }: PointsQuery,
): Promise<ReadonlyMap<string, CatalogEntry>> {
  const listed = catalog.backups.map((entry) => [memberKey(entry.manifest), entry] as const);
  if (set === undefined) return new Map(listed);
  const sets = points.flatMap(({ members }) => members.map((member) => member.set));
  const others = sets.filter((other) => other !== set);
  return new Map([...(await entriesOf(store, others, { signal, now })), ...listed]);
}

/**
 * Decides which recovery points are kept: by the same policy as backups, the points of a name as those of a set. A
 * point counts for as much as is proven of all its members.
 *
 * @throws what the store throws when it cannot be listed
 */
export async function planPoints(query: PointsQuery): Promise<PointsPlan> {
  const { store, policy, set, signal, now } = query;
  const { points, problems } = await readPoints(store, { signal });
  const concerned = points.filter(
    ({ members }) => set === undefined || members.some((member) => member.set === set),
  );
  const entries = await entriesFor(concerned, query);
  const candidates = concerned.map((point) => weighable(listedPoint(point, entries)));
  const { decisions, findings } = planRetention(candidates, policy, now());
  return {
    kept: decisions.filter(({ keep }) => keep),
    doomed: decisions.filter(({ keep }) => !keep).toReversed(),
    findings,
    problems,
  };
}

/** Which points need a backup, in words, by the names of backup and set. */
export function needsOf(points: readonly RecoveryPoint[]): ReadonlyMap<string, readonly string[]> {
  const needs = new Map<string, string[]>();
  for (const { name, id, members } of points) {
    for (const member of members) {
      const key = memberKey(member);
      const by = `the recovery point ${id} of ${name}`;
      needs.set(key, [...(needs.get(key) ?? []), by]);
    }
  }
  return needs;
}
