import type { WriteOutcome } from '@holdfast/core';
import { PAGE_SIZE } from '../protocol.ts';
import type { CallName, Request, Response, StoreCalls } from '../protocol.ts';
import { CallQueue } from './call-queue.ts';
import { checkRecords } from './check.ts';
import { Claims } from './claims.ts';
import { Committer } from './commit.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { faultOf } from './fault.ts';
import type { EncodedWrite } from '../../record/encode-write.ts';
import { StoreFault } from '../../record/fault.ts';
import { Heartbeat } from './heartbeat.ts';
import { Leases } from './leases.ts';
import { listRuns } from '../../sql/list-runs.ts';
import { Permits } from './permits.ts';
import { Pruner } from './prune.ts';
import { readArtifacts, readLines } from '../../sql/read-notes.ts';
import { readCached, readInputs, readPermits, readSchedules } from '../../sql/read-shared.ts';
import {
  readBelow,
  readChildren,
  readHistory,
  readOpenRuns,
  readPendingHooks,
  readRecorded,
  readRun,
} from '../../sql/reads.ts';
import { WORDS } from './words.ts';

type Handlers = { readonly [C in CallName]: (argument: StoreCalls[C]) => Promise<unknown> };

/** What exists while a database is open. */
interface Served {
  readonly database: Database;
  readonly committer: Committer;
  readonly claims: Claims;
  readonly leases: Leases;
  readonly permits: Permits;
  readonly pruner: Pruner;
}

/** Answers the host's calls. Writes keep their order; reads do not wait for a write that waits for its lock. */
export class StoreServer {
  readonly #reply: (response: Response) => void;
  readonly #pages = new Map<number, readonly unknown[]>();
  #path = '';
  #writes = new CallQueue('', 0);
  #reads = new CallQueue('', 0);
  readonly #heartbeat = new Heartbeat((fences, terms) =>
    this.#write(({ leases }) => leases.renew(fences, terms)),
  );
  #served: Served | undefined;
  #prepared: readonly EncodedWrite[] | undefined;

  constructor(reply: (response: Response) => void) {
    this.#reply = reply;
  }

  async handle(request: Request): Promise<void> {
    const { id } = request;
    this.#heartbeat.heard();
    if (request.call === 'next-page') {
      this.#sendPage(id, this.#pages.get(id) ?? []);
      return;
    }
    try {
      const handler = this.#handlers[request.call] as (argument: unknown) => Promise<unknown>;
      const value = await handler(request.argument);
      if (Array.isArray(value) && request.call !== 'commit') this.#sendPage(id, value);
      else this.#reply({ id, value });
    } catch (error) {
      this.#reply({ id, fault: faultOf(error, this.#path) });
    }
  }

  #sendPage(id: number, records: readonly unknown[]): void {
    const last = records.length <= PAGE_SIZE;
    if (last) this.#pages.delete(id);
    else this.#pages.set(id, records.slice(PAGE_SIZE));
    this.#reply({ id, page: last ? records : records.slice(0, PAGE_SIZE), last });
  }

  readonly #handlers: Handlers = {
    open: async ({ path, busyTimeout, migrate }) => {
      this.#path = path;
      this.#writes = new CallQueue(path, busyTimeout);
      this.#reads = new CallQueue(path, busyTimeout);
      const database = await this.#writes.add(() => openDatabase(path, migrate));
      this.#served = {
        database,
        committer: new Committer(database),
        claims: new Claims(database),
        leases: new Leases(database),
        permits: new Permits(database),
        pruner: new Pruner(database),
      };
    },
    close: async () => {
      this.#heartbeat.stop();
      await this.#reads.add(() => undefined);
      await this.#writes.add(() => this.#served?.database.close());
    },
    prepare: async (writes) => {
      this.#prepared = writes;
    },
    commit: ({ writes: given, durability }) => {
      const writes = given === 'prepared' ? this.#takePrepared() : given;
      return this.#write(({ database, committer }) => {
        const outcomes = compact(database.transaction(durability, () => committer.apply(writes)));
        this.#heartbeat.committed(writes);
        return outcomes;
      });
    },
    acquireLease: (request) =>
      this.#write(({ leases }) => {
        const { granted, lease } = leases.acquire(request);
        const { rootId, runId, holder, ttl, now } = request;
        const of = runId === undefined ? { rootId } : { rootId, runId };
        if (granted) this.#heartbeat.keep([{ ...of, epoch: lease.epoch }], { holder, ttl, now });
        return { granted, lease };
      }),
    renewLeases: ({ fences, terms }) =>
      this.#write(({ leases }) => {
        const renewals = leases.renew(fences, terms);
        this.#heartbeat.keep(fences, terms);
        this.#heartbeat.drop(renewals.filter(({ held }) => !held));
        return renewals;
      }),
    releaseLeases: (fences) => {
      this.#heartbeat.drop(fences);
      return this.#write(({ leases }) => leases.release(fences));
    },
    run: (id) => this.#read(({ query }) => readRun(query, id)),
    runs: (wanted) => this.#read(({ query }) => listRuns(query, WORDS, wanted)),
    history: (id) => this.#read(({ query }) => readHistory(query, id)),
    below: (rootId) => this.#read(({ query }) => readBelow(query, rootId)),
    recorded: (rootId) => this.#read(({ query }) => readRecorded(query, rootId)),
    pendingHooks: (rootId) => this.#read(({ query }) => readPendingHooks(query, rootId)),
    children: (rootId) => this.#read(({ query }) => readChildren(query, rootId)),
    openRuns: () => this.#read(({ query }) => readOpenRuns(query, WORDS)),
    logs: (wanted) => this.#read(({ query }) => readLines(query, WORDS, wanted)),
    artifacts: (rootId) => this.#read(({ query }) => readArtifacts(query, rootId)),
    cached: (key) => this.#read(({ query }) => readCached(query, key)),
    inputs: (rootId) => this.#read(({ query }) => readInputs(query, rootId)),
    schedules: () => this.#read(({ query }) => readSchedules(query)),
    acquirePermits: (request) => this.#write(({ permits }) => permits.acquire(request)),
    renewPermits: (terms) => this.#write(({ permits }) => permits.renew(terms)),
    releasePermits: ({ holder, ids }) => this.#write(({ permits }) => permits.release(holder, ids)),
    permits: (limits) => this.#read(({ query }) => readPermits(query, limits)),
    claim: (request) =>
      this.#write(({ claims }) => {
        const claimed = claims.claim(request);
        this.#heartbeat.keep(
          claimed.map(({ lease }) => lease),
          request,
        );
        return claimed;
      }),
    claimed: (wanted) => this.#reads.add(() => this.#open().claims.claimed(wanted)),
    changes: () => this.#reads.add(() => this.#open().database.changes),
    prune: (request) => this.#write(({ pruner }) => pruner.prune(request)),
    check: () => this.#read(({ query }) => checkRecords(query, this.#path)),
  };

  #takePrepared(): readonly EncodedWrite[] {
    const writes = this.#prepared;
    this.#prepared = undefined;
    if (writes !== undefined) return writes;
    throw new StoreFault({
      code: 'STORE_UNAVAILABLE',
      message: `The thread of the run store ${this.#path} that had these writes has ended`,
      hint: 'Nothing of them was applied: try again.',
      retryable: true,
    });
  }

  #write<T>(work: (served: Served) => T): Promise<T> {
    return this.#writes.add(() => work(this.#open()));
  }

  #read<T>(work: (database: Database) => Promise<T>): Promise<T> {
    return this.#reads.add(() => work(this.#open().database));
  }

  #open(): Served {
    if (this.#served !== undefined) return this.#served;
    throw new StoreFault({
      code: 'STORE_CLOSED',
      message: `The run store ${this.#path} is not open`,
      retryable: false,
    });
  }
}

/** Undefined stands for "all applied", the usual outcome: nothing to copy between the threads. */
function compact(outcomes: WriteOutcome[]): WriteOutcome[] | undefined {
  return outcomes.every(({ ok }) => ok) ? undefined : outcomes;
}
