import { HoldfastError } from '../../errors/holdfast-error.ts';
import type { RunId } from '../../model/ids.ts';
import type {
  ChildRecord,
  FlowRun,
  HistoryEntry,
  PendingHook,
  RecordedValue,
  Run,
} from '../../model/run.ts';
import type { RunArtifact } from '../../model/artifact.ts';
import type { CachedResult, GivenInput, Permit, ScheduleRecord } from '../../model/shared-state.ts';
import { isTerminal } from '../../model/state.ts';
import { checkWrites } from '../check-writes.ts';
import type {
  Durability,
  Fence,
  LeaseGrant,
  LeaseRenewal,
  LeaseRequest,
  LeaseTerms,
  OpenRun,
  RunQuery,
  RunStore,
  Write,
  WriteOutcome,
} from '../run-store.ts';
import type { Claim, ClaimQuery, ClaimRequest, StopWatching, WatchTerms } from '../claims.ts';
import type { LogQuery, StoredLogEntry } from '../run-notes.ts';
import type { PermitGrant, PermitRequest, Pruned, PruneRequest } from '../shared-state.ts';
import { optionsInvalid } from '../../errors/errors.ts';
import { Watchers } from '../watchers.ts';
import { copyHook, copyJson, copyRun, copyStep } from './copy-records.ts';
import { stepsOf } from './kept-history.ts';
import { claimOf, waitsOnQueue, type Leased } from './memory-queues.ts';
import { MemoryTables } from './memory-tables.ts';
import { selectRuns } from './select-runs.ts';

const HOOK_LIMIT = 1000;

/** How a {@link memoryRunStore} behaves. */
export interface MemoryRunStoreOptions {
  /**
   * How many runs of ended top-level flows are kept, those below them counted too. Beyond it the flow run that ended
   * first is forgotten, with everything below it; the one that ended last keeps its own record and history, whatever
   * was below it. Nothing is forgotten while it runs, is leased, or has hooks that are due. 0 keeps the last run alone,
   * Infinity all. Default 20,000, which take some 7 MB where they are plain tasks that give little back (about 350 bytes each).
   */
  readonly keepEnded?: number;
}

const KEEP_ENDED = 20_000;

/**
 * A run store in this process's memory: for tests, and for runs that need not survive. Every record is
 * copied on its way in and on its way out. Its runs are gone when the process ends, and ended ones earlier: the
 * memory that they take is bounded by {@link MemoryRunStoreOptions.keepEnded}.
 *
 * @throws `OPTIONS_INVALID` when `keepEnded` is no number from 0
 */
export function memoryRunStore(options: MemoryRunStoreOptions = {}): RunStore {
  const { keepEnded = KEEP_ENDED } = options;
  if (keepEnded >= 0) return new MemoryRunStore(keepEnded);
  throw optionsInvalid(
    'The memory run store',
    'keepEnded is no number from 0',
    'Say how many ended runs to keep; Infinity keeps them all.',
  );
}

class MemoryRunStore implements RunStore {
  readonly adapter = 'memory';
  readonly durable = false;
  readonly #tables: MemoryTables;
  readonly #watchers = new Watchers();
  #phase: 'new' | 'open' | 'closed' = 'new';

  constructor(keepEnded: number) {
    this.#tables = new MemoryTables(keepEnded);
  }

  async open(): Promise<void> {
    if (this.#phase === 'closed') throw closed();
    this.#phase = 'open';
  }

  async close(): Promise<void> {
    this.#phase = 'closed';
    this.#watchers.clear();
  }

  /** Not `async`: it waits for nothing, and is called for each run. */
  commit(writes: readonly Write[], _durability: Durability): Promise<readonly WriteOutcome[]> {
    try {
      return Promise.resolve(this.#applied(writes));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #applied(writes: readonly Write[]): readonly WriteOutcome[] {
    const tables = this.#open();
    checkWrites(writes);
    const outcomes = writes.map((write) => tables.apply(write));
    tables.sweep();
    this.#watchers.committed(writes);
    return outcomes;
  }

  async run(id: RunId): Promise<Run | undefined> {
    const entry = this.#open().runs.get(id);
    return entry === undefined ? undefined : copyRun(entry.run);
  }

  async runs(query: RunQuery): Promise<readonly Run[]> {
    return selectRuns(this.#open(), query).map(copyRun);
  }

  async history(id: RunId): Promise<readonly HistoryEntry[]> {
    const entry = this.#open().runs.get(id);
    if (entry === undefined) return [];
    return stepsOf(entry.run, entry.history).map((step) => copyStep(id, step));
  }

  async below(rootId: RunId): Promise<readonly Run[]> {
    const { runs, roots } = this.#open();
    const ids = roots.get(rootId)?.below ?? [];
    return ids.flatMap((id) => runs.get(id)?.run ?? []).map(copyRun);
  }

  async recorded(rootId: RunId): Promise<readonly RecordedValue[]> {
    return [...(this.#open().roots.get(rootId)?.recorded.values() ?? [])].map(copyJson);
  }

  async pendingHooks(rootId?: RunId): Promise<readonly PendingHook[]> {
    const all = [...this.#open().hooks.values()];
    const wanted =
      rootId === undefined
        ? all.slice(0, HOOK_LIMIT)
        : all.filter((hook) => hook.rootId === rootId);
    return wanted.map(copyHook);
  }

  async children(rootId: RunId): Promise<readonly ChildRecord[]> {
    const children = this.#open().roots.get(rootId)?.children.values() ?? [];
    return Array.from(children, (child) => ({ ...child }));
  }

  async openRuns(): Promise<readonly OpenRun[]> {
    const { roots, hooks } = this.#open();
    const due = new Set([...hooks.values()].map(({ rootId }) => rootId));
    const open: OpenRun[] = [];
    for (const root of roots.values()) {
      const { entry, lease, cancelReason } = root;
      if (isTerminal(entry.run.state) ? !due.has(entry.run.id) : waitsOnQueue(root)) continue;
      open.push({
        run: copyRun(entry.run) as FlowRun,
        lease: { ...lease },
        ...(cancelReason === undefined ? {} : { cancelReason }),
      });
    }
    return open.toSorted((a, b) => (a.run.id < b.run.id ? -1 : 1));
  }

  async acquireLease(request: LeaseRequest): Promise<LeaseGrant> {
    const { holder, ttl, now, deadLease } = request;
    const leased = this.#open().leased(request);
    if (leased === undefined) throw unknownRun(request);
    const { lease } = leased;
    const dead = deadLease?.holder === lease.holder && deadLease.epoch === lease.epoch;
    const granted = lease.holder === '' || lease.expiresAt <= now || dead;
    if (granted) {
      leased.lease = { ...lease, holder, epoch: lease.epoch + 1, expiresAt: now + ttl };
    }
    return { granted, lease: { ...leased.lease } };
  }

  async renewLeases(
    fences: readonly Fence[],
    terms: LeaseTerms & { readonly now: number },
  ): Promise<readonly LeaseRenewal[]> {
    const tables = this.#open();
    return fences.map((fence) => {
      return renew(tables.inForce(fence), fence, terms, tables.cancelReasonOf(fence));
    });
  }

  async releaseLeases(fences: readonly Fence[]): Promise<void> {
    const tables = this.#open();
    for (const fence of fences) {
      const leased = tables.inForce(fence);
      if (leased === undefined) continue;
      leased.lease = { ...leased.lease, holder: '', expiresAt: 0 };
      const { queue } = leased.entry.run;
      if (queue !== undefined) this.#watchers.queue(queue);
    }
    tables.sweep();
  }

  async claim(request: ClaimRequest): Promise<readonly Claim[]> {
    const tables = this.#open();
    return tables.queues.claim(request).map((leased) => this.#claimOf(tables, leased));
  }

  async claimed(query: ClaimQuery): Promise<readonly Claim[]> {
    const tables = this.#open();
    return tables.queues.claimed(query).map((leased) => this.#claimOf(tables, leased));
  }

  #claimOf(tables: MemoryTables, leased: Leased): Claim {
    return claimOf(leased, tables.cancelReasonOf(leased.lease));
  }

  async watch(terms: WatchTerms, wake: () => void): Promise<StopWatching> {
    this.#open();
    return this.#watchers.add(terms, wake);
  }

  async logs(query: LogQuery): Promise<readonly StoredLogEntry[]> {
    return this.#open().notes.logs(query);
  }

  async artifacts(rootId: RunId): Promise<readonly RunArtifact[]> {
    return this.#open().notes.artifacts(rootId);
  }

  async cached(key: string): Promise<CachedResult | undefined> {
    return this.#open().shared.cached(key);
  }

  async inputs(rootId: RunId): Promise<readonly GivenInput[]> {
    return this.#open().shared.inputs(rootId);
  }

  async schedules(): Promise<readonly ScheduleRecord[]> {
    return this.#open().shared.schedules();
  }

  async acquirePermits(request: PermitRequest): Promise<PermitGrant> {
    return this.#open().shared.permits.acquire(request);
  }

  async renewPermits(terms: LeaseTerms & { readonly now: number }): Promise<void> {
    this.#open().shared.permits.renew(terms);
  }

  async releasePermits(holder: string, ids: readonly string[]): Promise<void> {
    this.#open().shared.permits.release(holder, ids);
  }

  async permits(limits: readonly string[]): Promise<readonly Permit[]> {
    return this.#open().shared.permits.of(limits);
  }

  async prune(request: PruneRequest): Promise<Pruned> {
    return this.#open().prune(request);
  }

  /** Memory holds no text that could be spoilt. */
  async check(): Promise<readonly HoldfastError[]> {
    this.#open();
    return [];
  }

  #open(): MemoryTables {
    if (this.#phase !== 'open') throw closed();
    return this.#tables;
  }
}

function renew(
  leased: Leased | undefined,
  { rootId, runId }: Fence,
  { holder, ttl, now }: LeaseTerms & { readonly now: number },
  cancelReason: string | undefined,
): LeaseRenewal {
  const of = runId === undefined ? { rootId } : { rootId, runId };
  if (leased?.lease.holder !== holder) return { ...of, held: false };
  leased.lease = { ...leased.lease, expiresAt: now + ttl };
  return cancelReason === undefined ? { ...of, held: true } : { ...of, held: true, cancelReason };
}

function closed(): HoldfastError {
  return new HoldfastError('STORE_CLOSED', 'The memory run store is not open', {
    hint: 'Call open() before anything else; a store that was closed stays closed.',
    retryable: false,
  });
}

function unknownRun({ rootId, runId }: LeaseRequest): HoldfastError {
  const what = runId === undefined ? `top-level run ${rootId}` : `run ${runId} with a queue`;
  return new HoldfastError('RUN_UNKNOWN', `There is no ${what}`, {
    hint: 'Take a lease of a run that was created and has no parent, or has a queue.',
    retryable: false,
    context: { rootId, ...(runId === undefined ? {} : { runId }) },
  });
}
