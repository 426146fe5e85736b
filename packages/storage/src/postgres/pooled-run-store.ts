import { checkWrites, Watchers } from '@holdfast/core';
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
  HoldfastError,
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
  ScheduleRecord,
  StopWatching,
  StoredLogEntry,
  WatchTerms,
  Write,
  WriteOutcome,
} from '@holdfast/core';
import type { Kysely } from 'kysely';
import { errorOf } from '../record/error-of.ts';
import { checkRows } from '../sql/check-rows.ts';
import { listRuns } from '../sql/list-runs.ts';
import { listTerms } from '../sql/list-terms.ts';
import { readArtifacts, readLines } from '../sql/read-notes.ts';
import { readCached, readInputs, readPermits, readSchedules } from '../sql/read-shared.ts';
import * as reads from '../sql/reads.ts';
import type { Tables } from '../sql/tables.ts';
import type { Words } from '../sql/words.ts';
import { Calls } from './calls.ts';
import { claimRuns, readClaimed } from './claims.ts';
import { Committer } from './committer.ts';
import type { Run as Query } from './committer.ts';
import { Connections } from './connections.ts';
import { encodeBatch } from './encode-batch.ts';
import { acquireLease, releaseLeases, renewLeases } from './leases.ts';
import { LookOut } from './look-out.ts';
import { channelOf, migrate } from './migrations.ts';
import { News } from './news.ts';
import type { PostgresSettings } from './options.ts';
import { patiently } from './patience.ts';
import { acquirePermits, releasePermits, renewPermits } from './permits.ts';
import type { PostgresRunStore } from './postgres-run-store.ts';
import { storeError } from './problems.ts';
import { prune } from './prune.ts';
import { ServerClock } from './server-clock.ts';
import { wordsIn } from './words.ts';

type Terms = LeaseTerms & { readonly now: number };

/** The port over connections of a pool. */
export class PooledRunStore implements PostgresRunStore {
  readonly adapter = 'postgres';
  readonly durable = true;
  readonly schema: string;
  readonly #settings: PostgresSettings;
  readonly #connections: Connections;
  readonly #calls: Calls;
  readonly #run: Query;
  readonly #committer: Committer;
  readonly #clock: ServerClock;
  readonly #words: Words;
  readonly #tables: Kysely<Tables>;
  readonly #watchers = new Watchers();
  readonly #news: News | LookOut;
  #opening: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: PostgresSettings) {
    const { schema, patienceMs } = settings;
    this.#settings = settings;
    this.schema = schema;
    this.#connections = new Connections(settings);
    this.#calls = new Calls(this.#connections, settings);
    const run: Query = this.#calls.run.bind(this.#calls);
    this.#run = run;
    this.#committer = new Committer(run, schema, patienceMs);
    this.#clock = new ServerClock(run);
    this.#words = wordsIn(schema);
    this.#news = settings.notifications
      ? new News(channelOf(schema), this.#watchers, () => this.#calls.connect())
      : new LookOut(run, schema, this.#watchers);
    this.#tables = this.#connections.tables(() => this.#calls.connect()).withSchema(schema);
  }

  open(): Promise<void> {
    if (this.#calls.isClosed) return Promise.reject(this.#calls.closed());
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw storeError(error, this.#connections.place);
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { migrate: mode, patienceMs } = this.#settings;
    await this.#connections.open();
    await patiently(patienceMs, 'always', async () => {
      await migrate(this.#tables, this.schema, mode, this.#connections.place);
      await this.#clock.agree();
    });
    this.#calls.opened();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watchers.clear();
    await this.#calls.end();
    await this.#news.stop();
    await this.#opening?.catch(() => undefined);
    await this.#committer.leave();
    await this.#connections.close();
  }

  commit(writes: readonly Write[], durability: Durability): Promise<readonly WriteOutcome[]> {
    return this.#calls.make(async () => {
      checkWrites(writes);
      const batch = encodeBatch(writes, this.#clock.ahead);
      const outcomes = await this.#committer.commit(batch, durability);
      this.#watchers.committed(writes);
      return outcomes;
    });
  }

  run(id: RunId): Promise<Run | undefined> {
    return this.#read((tables) => reads.readRun(tables, id));
  }

  runs(query: RunQuery): Promise<readonly Run[]> {
    return this.#read((tables) => listRuns(tables, this.#words, listTerms(query)));
  }

  history(id: RunId): Promise<readonly HistoryEntry[]> {
    return this.#read((tables) => reads.readHistory(tables, id));
  }

  below(rootId: RunId): Promise<readonly Run[]> {
    return this.#read((tables) => reads.readBelow(tables, rootId));
  }

  recorded(rootId: RunId): Promise<readonly RecordedValue[]> {
    return this.#read((tables) => reads.readRecorded(tables, rootId));
  }

  pendingHooks(rootId?: RunId): Promise<readonly PendingHook[]> {
    return this.#read((tables) => reads.readPendingHooks(tables, rootId));
  }

  children(rootId: RunId): Promise<readonly ChildRecord[]> {
    return this.#read((tables) => reads.readChildren(tables, rootId));
  }

  openRuns(): Promise<readonly OpenRun[]> {
    return this.#read(async (tables) => {
      const found = await reads.readOpenRuns(tables, this.#words);
      return found.map((open) => ({ ...open, lease: this.#byHostClock(open.lease) }));
    });
  }

  acquireLease(request: LeaseRequest): Promise<LeaseGrant> {
    return this.#calls.patient('undone', async () => {
      const grant = await acquireLease(this.#tables, await this.#byServerClock(request));
      return { ...grant, lease: this.#byHostClock(grant.lease) };
    });
  }

  renewLeases(fences: readonly Fence[], terms: Terms): Promise<readonly LeaseRenewal[]> {
    return this.#calls.patient('always', async () =>
      renewLeases(this.#tables, this.schema, fences, await this.#byServerClock(terms)),
    );
  }

  async releaseLeases(fences: readonly Fence[]): Promise<void> {
    await this.#calls.patient('always', () => releaseLeases(this.#tables, this.schema, fences));
    this.#watchers.all();
  }

  claim(request: ClaimRequest): Promise<readonly Claim[]> {
    return this.#calls.patient('undone', async () => {
      const terms = await this.#byServerClock(request);
      const giveBack = (leases: readonly Fence[]): Promise<void> =>
        releaseLeases(this.#tables, this.schema, leases);
      const found = await claimRuns(this.#run, this.schema, terms, giveBack);
      return found.map((claimed) => ({ ...claimed, lease: this.#byHostClock(claimed.lease) }));
    });
  }

  claimed(query: ClaimQuery): Promise<readonly Claim[]> {
    return this.#read(async (tables) => {
      const { expiredBy } = query;
      const ahead = await this.#clock.agree();
      const terms = expiredBy === undefined ? query : { ...query, expiredBy: expiredBy + ahead };
      const found = await readClaimed(tables, terms);
      return found.map((claimed) => ({ ...claimed, lease: this.#byHostClock(claimed.lease) }));
    });
  }

  watch(terms: WatchTerms, wake: () => void): Promise<StopWatching> {
    return this.#calls.patient('always', () => this.#news.watch(terms, wake));
  }

  logs(query: LogQuery): Promise<readonly StoredLogEntry[]> {
    return this.#read((tables) => readLines(tables, this.#words, query));
  }

  artifacts(rootId: RunId): Promise<readonly RunArtifact[]> {
    return this.#read((tables) => readArtifacts(tables, rootId));
  }

  cached(key: string): Promise<CachedResult | undefined> {
    return this.#read((tables) => readCached(tables, key));
  }

  inputs(rootId: RunId): Promise<readonly GivenInput[]> {
    return this.#read((tables) => readInputs(tables, rootId));
  }

  schedules(): Promise<readonly ScheduleRecord[]> {
    return this.#read((tables) => readSchedules(tables));
  }

  acquirePermits(request: PermitRequest): Promise<PermitGrant> {
    return this.#calls.patient('always', async () => {
      const terms = await this.#byServerClock(request);
      const grant = await acquirePermits(this.#tables, this.schema, terms);
      if (grant.granted) return grant;
      const byHostClock = (permit: Permit): Permit => this.#byHostClock(permit);
      const blocks = grant.blocks.map(({ limit, permits }) => ({
        limit,
        permits: permits.map(byHostClock),
      }));
      return { granted: false, blocks };
    });
  }

  renewPermits(terms: Terms): Promise<void> {
    return this.#calls.patient('always', async () =>
      renewPermits(this.#tables, await this.#byServerClock(terms)),
    );
  }

  releasePermits(holder: string, ids: readonly string[]): Promise<void> {
    return this.#calls.patient('always', () => releasePermits(this.#tables, holder, ids));
  }

  permits(limits: readonly string[]): Promise<readonly Permit[]> {
    return this.#read(async (tables) => {
      const found = await readPermits(tables, limits);
      return found.map((permit) => this.#byHostClock(permit));
    });
  }

  prune(request: PruneRequest): Promise<Pruned> {
    return this.#calls.patient('undone', () => prune(this.#tables, this.schema, request));
  }

  check(): Promise<readonly HoldfastError[]> {
    return this.#read(async (tables) => {
      const faults = await Promise.all(checkRows(tables));
      return faults.flat().map(errorOf);
    });
  }

  #read<T>(work: (tables: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.#calls.patient('always', () => work(this.#tables));
  }

  async #byServerClock<T extends { readonly now: number }>(terms: T): Promise<T> {
    return { ...terms, now: terms.now + (await this.#clock.agree()) };
  }

  /** A released lease has no end: 0. */
  #byHostClock<T extends { readonly expiresAt: number }>(kept: T): T {
    if (kept.expiresAt === 0 || this.#clock.ahead === 0) return kept;
    return { ...kept, expiresAt: kept.expiresAt - this.#clock.ahead };
  }
}
