import { isHoldfastError, type ObjectStore } from '@holdfast/core';
import {
  type Catalog,
  type CatalogEntry,
  type CatalogProblem,
  listBackups,
} from '../catalog/list-backups.ts';
import { REMOVING_NAME } from '../model/layout.ts';
import type { RecoveryPoint } from '../model/recovery-point.ts';
import { memberKey } from '../points/list-points.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import { Forgetting } from '../restic/forget.ts';
import type { ResticRepository } from '../restic/repository.ts';
import type { RetentionFinding } from '../retention/anomaly.ts';
import { type RetentionDecision, planRetention } from '../retention/plan.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import { retainedBackup, type RetainedBackup } from '../retention/retained-backup.ts';
import { needsOf, planPoints, type PointsPlan, type WeighablePoint } from './plan-points.ts';
import { finishRemoval, type RemovalPlace, removeBackup, removePoint } from './remove-backup.ts';

/** How a store is pruned. */
export interface PruneOptions extends Pick<
  WorkOptions,
  'signal' | 'now' | 'secret' | 'startChild'
> {
  readonly store: ObjectStore;
  readonly policy: RetentionPolicy;
  /** Only this set. Default: every set of the store, each for itself. */
  readonly set?: string;
  /** The repositories of listed snapshots of restic: those of others are left alone, and told. Default: none. */
  readonly repositories?: readonly ResticRepository[];
  /** Only plan. Default false. */
  readonly dryRun?: boolean;
  /** Called before each removal; what it throws ends the pruning there. */
  readonly beforeRemove?: () => Promise<void>;
}

/** A backup as it was judged. */
export interface Weighed {
  readonly set: string;
  readonly id: string;
  readonly reasons: readonly string[];
}

/** Something that could not be removed. */
export interface PruneFailure {
  readonly set: string;
  readonly id: string;
  readonly code: string;
  readonly message: string;
}

/** What became of recovery points; `set` is their name. */
export interface PrunedPoints {
  readonly removed: readonly Weighed[];
  readonly kept: readonly Weighed[];
}

/** What pruning did, or would do. */
export interface PruneReport {
  readonly dryRun: boolean;
  /** What was removed; what would be, where `dryRun`. */
  readonly removed: readonly Weighed[];
  readonly kept: readonly Weighed[];
  /** Removals that were begun earlier and interrupted, and are finished now; would be, where `dryRun`. */
  readonly finished: readonly { readonly set: string; readonly id: string }[];
  /** What is still there in spite of the plan. */
  readonly failures: readonly PruneFailure[];
  /** Recovery points, which go before the backups that they name. Those that are kept keep all of theirs. */
  readonly points: PrunedPoints;
  /** Why sets were not pruned at all. */
  readonly findings: readonly RetentionFinding[];
  /** What of the catalog is damaged: it was left alone. */
  readonly problems: readonly CatalogProblem[];
}

interface Weighable extends RetainedBackup {
  readonly entry: CatalogEntry;
}

type Decision = RetentionDecision<Weighable>;

type PointDecision = RetentionDecision<WeighablePoint>;

function weighed({ backup: { set, id }, reasons }: RetentionDecision): Weighed {
  return { set, id, reasons };
}

class Pruning {
  readonly failures: PruneFailure[] = [];
  readonly #place: RemovalPlace;
  readonly #now: () => number;
  readonly #beforeRemove: (() => Promise<void>) | undefined;

  constructor(options: PruneOptions) {
    const { signal, now } = settle(options);
    const { store, repositories = [] } = options;
    this.#place = { store, signal, forgetting: new Forgetting(repositories, options) };
    this.#now = now;
    this.#beforeRemove = options.beforeRemove;
  }

  /** One that fails stays, is told, and keeps none of the others. */
  async each<T extends { readonly set: string; readonly id: string }>(
    items: readonly T[],
    work: (item: T, place: RemovalPlace) => Promise<void>,
  ): Promise<T[]> {
    const done: T[] = [];
    for (const item of items) {
      await this.#beforeRemove?.();
      this.#place.signal.throwIfAborted();
      try {
        await work(item, this.#place);
        done.push(item);
      } catch (error) {
        this.#place.signal.throwIfAborted();
        if (!isHoldfastError(error)) throw error;
        const { set, id } = item;
        this.failures.push({ set, id, code: error.code, message: error.message });
      }
    }
    return done;
  }

  /** Ends the work on repositories of restic. */
  end(): Promise<void> {
    return this.#place.forgetting.end();
  }

  /** Gives those that went. */
  async removeAll(doomed: readonly Decision[]): Promise<Decision[]> {
    const gone = new Set(
      await this.each(
        doomed.map(({ backup }) => backup),
        async ({ entry: { manifest } }, place) => {
          const { set, id, sha256: manifestSha256 } = manifest;
          await removeBackup({ set, id, manifestSha256 }, place, this.#now());
        },
      ),
    );
    return doomed.filter(({ backup }) => gone.has(backup));
  }
}

/** Judges the backups; what a recovery point needs that is still there is kept. */
function plan(
  catalog: Catalog,
  points: readonly RecoveryPoint[],
  policy: RetentionPolicy,
  now: number,
) {
  const needs = needsOf(points);
  const backups = catalog.backups.map((entry) => {
    const neededBy = needs.get(memberKey(entry.manifest));
    return { ...retainedBackup(entry), ...(neededBy === undefined ? {} : { neededBy }), entry };
  });
  const { decisions, findings } = planRetention(backups, policy, now);
  return {
    kept: decisions.filter(({ keep }) => keep),
    doomed: decisions.filter(({ keep }) => !keep).toReversed(),
    findings,
  };
}

/** Removes the points that are not kept, before any backup that they name; gives those that went. */
async function removePoints(
  { doomed }: PointsPlan,
  pruning: Pruning,
  now: number,
): Promise<readonly PointDecision[]> {
  const all = doomed.map(({ backup }) => backup);
  const gone = new Set(
    await pruning.each(all, ({ point }, place) => removePoint(point, place, now)),
  );
  return doomed.filter(({ backup }) => gone.has(backup));
}

async function lookInto(options: PruneOptions) {
  const { store, policy, set } = options;
  const { signal, now } = settle(options);
  // Before the store is listed: a policy that is wrong is told at once.
  planRetention([], policy, now());
  const query = set === undefined ? { signal, now } : { signal, now, set };
  const catalog = await listBackups(store, query);
  return { catalog, points: await planPoints({ store, policy, set, catalog, signal, now }) };
}

/**
 * Removes the backups that a policy does not keep, oldest first, as the store's own catalog has them, and ends
 * removals that were interrupted. Recovery points are judged first, by the same policy: those that are kept keep all of
 * their backups, the others go before theirs. Nothing else may work on the sets meanwhile.
 *
 * @throws `RETENTION_EMPTY`, `RETENTION_INVALID`, or what the store throws when it cannot be listed
 */
export async function pruneStore(options: PruneOptions): Promise<PruneReport> {
  const { policy, dryRun = false } = options;
  const { now } = settle(options);
  const { catalog, points } = await lookInto(options);
  const pruning = new Pruning(options);
  const gone = dryRun ? points.doomed : await removePoints(points, pruning, now());
  const left = [...points.kept, ...points.doomed].filter((one) => !gone.includes(one));
  const needing = left.map(({ backup }) => backup.point);
  const { kept, doomed, findings } = plan(catalog, needing, policy, now());
  const common = {
    dryRun,
    kept: kept.map(weighed),
    points: { removed: gone.map(weighed), kept: points.kept.map(weighed) },
    findings: [...points.findings, ...findings],
    problems: [...catalog.problems, ...points.problems],
  };
  if (dryRun) {
    const finished = catalog.removals.map(named);
    return { ...common, removed: doomed.map(weighed), finished, failures: [] };
  }
  const finished = await pruning.each(catalog.removals, ({ path }, place) =>
    finishRemoval(path, place),
  );
  const removed = await pruning.removeAll(doomed);
  await pruning.each(
    kept.filter(hasNote).map(({ backup }) => backup),
    ({ entry }, place) => place.store.delete(entry.path + REMOVING_NAME, { signal: place.signal }),
  );
  await pruning.end();
  const { failures } = pruning;
  return { ...common, removed: removed.map(weighed), finished: finished.map(named), failures };
}

/** A removal that was interrupted before the manifest went, of a backup that the policy keeps now. */
function hasNote({ backup }: Decision): boolean {
  return backup.entry.isMarked;
}

function named({ set, id }: { readonly set: string; readonly id: string }) {
  return { set, id };
}
