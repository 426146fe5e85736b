import { resolve } from 'node:path';
import { checkWrites, HoldfastError, Watchers } from '@holdfast/core';
import type {
  CachedResult,
  ChildRecord,
  Claim,
  ClaimQuery,
  ClaimRequest,
  Durability,
  Fence,
  GivenInput,
  HistoryEntry,
  LeaseGrant,
  LeaseRenewal,
  LeaseRequest,
  LeaseTerms,
  LogQuery,
  OpenRun,
  PendingHook,
  Permit,
  PermitGrant,
  PermitRequest,
  Pruned,
  PruneRequest,
  RecordedValue,
  Run,
  RunArtifact,
  RunId,
  RunQuery,
  RunStore,
  ScheduleRecord,
  StopWatching,
  StoredLogEntry,
  WatchTerms,
  Write,
  WriteOutcome,
} from '@holdfast/core';
import { ChangePoll } from './change-poll.ts';
import type { Fault } from '../record/fault.ts';
import { listTerms } from '../sql/list-terms.ts';
import { encodeWrites } from '../record/encode-write.ts';
import type { EncodedWrite } from '../record/encode-write.ts';
import type { MigrationMode } from '../sql/migration-mode.ts';
import { OptionChecks } from '../remote/option-checks.ts';
import type { DatabaseTerms } from './protocol.ts';
import { StoreThread } from './store-thread.ts';
import { errorOf, noRecord } from '../record/error-of.ts';
import { StoreFault } from '../record/fault.ts';

/** How a {@link sqliteRunStore} behaves. */
export interface SqliteRunStoreOptions {
  /**
   * For how long a call waits while other processes write to the same file, in milliseconds. Beyond it
   * the call rejects with `STORE_UNAVAILABLE`. Default 10,000.
   */
  readonly busyTimeout?: number;
  /**
   * What `open` does about a file that is missing, or older than this software. `'auto'` (default): makes it, or brings it
   * up to date; of several processes one does. `'check'`: refuses with `STORE_OUTDATED`. `'off'`: the same, and waits for no
   * other process: whether the file can be written shows at the first write.
   */
  readonly migrate?: MigrationMode;
}

/** A run store in a SQLite file. */
export interface SqliteRunStore extends RunStore {
  /** The file, as an absolute path. */
  readonly path: string;
}

const DEFAULT_BUSY_TIMEOUT = 10_000;

const checks = new OptionChecks('sqliteRunStore');

/**
 * A run store in one SQLite file, which several processes on a host may share. `open` makes the file,
 * but no directory, and brings an older one up to date. The database is used in a thread of its own:
 * neither the disk nor another process's lock holds up the host, but for an answer that is due within 0.15 ms.
 * The thread keeps no process alive by itself; if it dies, calls under way reject with `STORE_UNAVAILABLE`, and the next call starts another.
 *
 * While the host computes and gives its thread no turn, the store's thread renews the leases it holds, for ten times
 * of their length; a hung host loses them then. A host whose clock is not the machine's renews them itself only.
 *
 * With durability `machine` a commit waits for fsync of the write-ahead log; with `process` for the
 * write to it. The file belongs on a local disk. Beside it lie `-wal` and `-shm`, which belong to it:
 * a copy of the file alone, made while it is open, lacks what was written last.
 *
 * Errors beside those of {@link RunStore}: `STORE_NOT_A_DATABASE`, `STORE_FOREIGN` (another
 * application's database), `STORE_READ_ONLY`, `STORE_CORRUPT` (damaged as a whole), `STORE_FAILED`
 * (a defect of this adapter). A missing or unreadable directory or file, and a full disk, are
 * `STORE_UNAVAILABLE`.
 *
 * @param path the file; relative to the current directory at this call
 * @throws `STORE_PATH_INVALID` for an empty path and for `:memory:`, which would not outlive the process; `OPTIONS_INVALID`
 */
export function sqliteRunStore(path: string, options: SqliteRunStoreOptions = {}): SqliteRunStore {
  if (path === '' || path === ':memory:') {
    throw new HoldfastError('STORE_PATH_INVALID', `'${path}' names no file for a run store`, {
      hint: 'Name a file, or use memoryRunStore() for runs that need not survive.',
      retryable: false,
    });
  }
  const { busyTimeout = DEFAULT_BUSY_TIMEOUT, migrate = 'auto' } = options;
  checks.oneOf('migrate', migrate, ['auto', 'check', 'off']);
  return new WorkerRunStore({ path: resolve(path), busyTimeout, migrate });
}

const APPLIED: WriteOutcome = Object.freeze({ ok: true });

/** The port over a worker thread. Its program can be named for tests. */
export class WorkerRunStore implements SqliteRunStore {
  readonly adapter = 'sqlite';
  readonly durable = true;
  readonly path: string;
  readonly #thread: StoreThread;
  readonly #watchers = new Watchers();
  readonly #poll: ChangePoll;
  /** The list that the thread was given ahead of its commit. */
  #prepared: readonly Write[] | undefined;

  constructor(terms: DatabaseTerms, workerFile?: URL) {
    this.path = terms.path;
    this.#thread = new StoreThread(terms, workerFile);
    this.#poll = new ChangePoll(() => this.#thread.call('changes', undefined), this.#watchers);
  }

  open(): Promise<void> {
    return this.#thread.open();
  }

  close(): Promise<void> {
    this.#poll.stop();
    this.#watchers.clear();
    return this.#thread.close();
  }

  prepare(writes: readonly Write[]): void {
    this.#prepared = undefined;
    try {
      checkWrites(writes);
      // Where the thread ends meanwhile, the commit tells.
      this.#thread.call('prepare', encoded(writes)).catch(() => undefined);
      this.#prepared = writes;
    } catch {
      // Its commit refuses it.
    }
  }

  async commit(writes: readonly Write[], durability: Durability): Promise<readonly WriteOutcome[]> {
    const prepared = writes === this.#prepared;
    this.#prepared = undefined;
    if (!prepared) checkWrites(writes);
    const outcomes = await this.#thread.call('commit', {
      writes: prepared ? 'prepared' : encoded(writes),
      durability,
    });
    this.#watchers.committed(writes);
    return (outcomes ?? writes.map(() => APPLIED)) as readonly WriteOutcome[];
  }

  run(id: RunId): Promise<Run | undefined> {
    return this.#thread.call('run', id) as Promise<Run | undefined>;
  }

  runs(query: RunQuery): Promise<readonly Run[]> {
    return this.#thread.call('runs', listTerms(query)) as Promise<readonly Run[]>;
  }

  history(id: RunId): Promise<readonly HistoryEntry[]> {
    return this.#thread.call('history', id) as Promise<readonly HistoryEntry[]>;
  }

  below(rootId: RunId): Promise<readonly Run[]> {
    return this.#thread.call('below', rootId) as Promise<readonly Run[]>;
  }

  recorded(rootId: RunId): Promise<readonly RecordedValue[]> {
    return this.#thread.call('recorded', rootId) as Promise<readonly RecordedValue[]>;
  }

  pendingHooks(rootId?: RunId): Promise<readonly PendingHook[]> {
    return this.#thread.call('pendingHooks', rootId) as Promise<readonly PendingHook[]>;
  }

  children(rootId: RunId): Promise<readonly ChildRecord[]> {
    return this.#thread.call('children', rootId) as Promise<readonly ChildRecord[]>;
  }

  openRuns(): Promise<readonly OpenRun[]> {
    return this.#thread.call('openRuns', undefined) as Promise<readonly OpenRun[]>;
  }

  acquireLease(request: LeaseRequest): Promise<LeaseGrant> {
    return this.#thread.call('acquireLease', request) as Promise<LeaseGrant>;
  }

  renewLeases(
    fences: readonly Fence[],
    terms: LeaseTerms & { readonly now: number },
  ): Promise<readonly LeaseRenewal[]> {
    return this.#thread.call('renewLeases', { fences, terms }) as Promise<readonly LeaseRenewal[]>;
  }

  async releaseLeases(fences: readonly Fence[]): Promise<void> {
    await this.#thread.call('releaseLeases', fences);
    this.#watchers.all();
  }

  claim(request: ClaimRequest): Promise<readonly Claim[]> {
    return this.#thread.call('claim', request) as Promise<readonly Claim[]>;
  }

  claimed(query: ClaimQuery): Promise<readonly Claim[]> {
    return this.#thread.call('claimed', query) as Promise<readonly Claim[]>;
  }

  async watch(terms: WatchTerms, wake: () => void): Promise<StopWatching> {
    await this.#poll.start();
    return this.#watchers.add(terms, wake);
  }

  logs(query: LogQuery): Promise<readonly StoredLogEntry[]> {
    return this.#thread.call('logs', query) as Promise<readonly StoredLogEntry[]>;
  }

  artifacts(rootId: RunId): Promise<readonly RunArtifact[]> {
    return this.#thread.call('artifacts', rootId) as Promise<readonly RunArtifact[]>;
  }

  cached(key: string): Promise<CachedResult | undefined> {
    return this.#thread.call('cached', key) as Promise<CachedResult | undefined>;
  }

  inputs(rootId: RunId): Promise<readonly GivenInput[]> {
    return this.#thread.call('inputs', rootId) as Promise<readonly GivenInput[]>;
  }

  schedules(): Promise<readonly ScheduleRecord[]> {
    return this.#thread.call('schedules', undefined) as Promise<readonly ScheduleRecord[]>;
  }

  acquirePermits(request: PermitRequest): Promise<PermitGrant> {
    return this.#thread.call('acquirePermits', request) as Promise<PermitGrant>;
  }

  async renewPermits(terms: LeaseTerms & { readonly now: number }): Promise<void> {
    await this.#thread.call('renewPermits', terms);
  }

  async releasePermits(holder: string, ids: readonly string[]): Promise<void> {
    await this.#thread.call('releasePermits', { holder, ids });
  }

  permits(limits: readonly string[]): Promise<readonly Permit[]> {
    return this.#thread.call('permits', limits) as Promise<readonly Permit[]>;
  }

  prune(request: PruneRequest): Promise<Pruned> {
    return this.#thread.call('prune', request) as Promise<Pruned>;
  }

  async check(): Promise<readonly HoldfastError[]> {
    const faults = await this.#thread.callApart('check', undefined);
    return (faults as readonly Fault[]).map(errorOf);
  }
}

function encoded(writes: readonly Write[]): EncodedWrite[] {
  try {
    return encodeWrites(writes);
  } catch (error) {
    throw error instanceof StoreFault ? errorOf(error.fault) : noRecord(error);
  }
}
