import { isHoldfastError, type ObjectStore } from '@holdfast/core';
import {
  type Catalog,
  type CatalogEntry,
  type CatalogProblem,
  listBackups,
} from '../catalog/list-backups.ts';
import { REMOVING_NAME } from '../model/layout.ts';
import { settle, type WorkOptions } from '../publish/create-backup.ts';
import type { RetentionFinding } from '../retention/anomaly.ts';
import { type RetentionDecision, planRetention } from '../retention/plan.ts';
import type { RetentionPolicy } from '../retention/policy.ts';
import { retainedBackup, type RetainedBackup } from '../retention/retained-backup.ts';
import { finishRemoval, type RemovalPlace, removeBackup } from './remove-backup.ts';

/** How a store is pruned. */
export interface PruneOptions extends Pick<WorkOptions, 'signal' | 'now'> {
  readonly store: ObjectStore;
  readonly policy: RetentionPolicy;
  /** Only this set. Default: every set of the store, each for itself. */
  readonly set?: string;
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
  /** Why sets were not pruned at all. */
  readonly findings: readonly RetentionFinding[];
  /** What of the catalog is damaged: it was left alone. */
  readonly problems: readonly CatalogProblem[];
}

interface Weighable extends RetainedBackup {
  readonly entry: CatalogEntry;
}

type Decision = RetentionDecision<Weighable>;

function weighed({ backup: { set, id }, reasons }: Decision): Weighed {
  return { set, id, reasons };
}

class Pruning {
  readonly failures: PruneFailure[] = [];
  readonly #place: RemovalPlace;
  readonly #now: () => number;
  readonly #beforeRemove: (() => Promise<void>) | undefined;

  constructor(options: PruneOptions) {
    const { signal, now } = settle(options);
    this.#place = { store: options.store, signal };
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

  async remove({ entry: { manifest } }: Weighable, place: RemovalPlace): Promise<void> {
    const { set, id, sha256: manifestSha256 } = manifest;
    await removeBackup({ set, id, manifestSha256 }, place, this.#now());
  }
}

function plan(catalog: Catalog, policy: RetentionPolicy, now: number) {
  const backups = catalog.backups.map((entry) => ({ ...retainedBackup(entry), entry }));
  return planRetention(backups, policy, now);
}

/**
 * Removes the backups that a policy does not keep, oldest first, as the store's own catalog has them, and ends
 * removals that were interrupted. Nothing else may work on the sets meanwhile.
 *
 * @throws `RETENTION_EMPTY`, `RETENTION_INVALID`, or what the store throws when it cannot be listed
 */
export async function pruneStore(options: PruneOptions): Promise<PruneReport> {
  const { store, policy, set, dryRun = false } = options;
  const { signal, now } = settle(options);
  // Before the store is listed: a policy that is wrong is told at once.
  planRetention([], policy, now());
  const query = set === undefined ? { signal, now } : { signal, now, set };
  const catalog = await listBackups(store, query);
  const { decisions, findings } = plan(catalog, policy, now());
  const kept = decisions.filter(({ keep }) => keep);
  const doomed = decisions.filter(({ keep }) => !keep).toReversed();
  const common = { findings, problems: catalog.problems, kept: kept.map(weighed) };
  if (dryRun) {
    const finished = catalog.removals.map(named);
    return { ...common, dryRun, removed: doomed.map(weighed), finished, failures: [] };
  }
  const pruning = new Pruning(options);
  const finished = await pruning.each(catalog.removals, ({ path }, place) =>
    finishRemoval(path, place),
  );
  const gone = new Set(
    await pruning.each(
      doomed.map(({ backup }) => backup),
      (backup, place) => pruning.remove(backup, place),
    ),
  );
  await pruning.each(
    kept.filter(hasNote).map(({ backup }) => backup),
    ({ entry }, place) => place.store.delete(entry.path + REMOVING_NAME, { signal: place.signal }),
  );
  const removed = doomed.filter(({ backup }) => gone.has(backup)).map(weighed);
  const { failures } = pruning;
  return { ...common, dryRun, removed, finished: finished.map(named), failures };
}

/** A removal that was interrupted before the manifest went, of a backup that the policy keeps now. */
function hasNote({ backup }: Decision): boolean {
  return backup.entry.isMarked;
}

function named({ set, id }: { readonly set: string; readonly id: string }) {
  return { set, id };
}
