import { expectTypeOf, it } from 'vitest';
import {
  checkWrites,
  claimableFrom,
  createEngine,
  memoryRunStore,
  Watchers,
  type ArtifactWrite,
  type CacheWrite,
  type CachedResult,
  type CancelRequestWrite,
  type ChildWrite,
  type Claim,
  type ClaimQuery,
  type ClaimRequest,
  type Claims,
  type Durability,
  type Fence,
  type GivenInput,
  type HookDeliveredWrite,
  type InputWrite,
  type Lease,
  type LeaseGrant,
  type LeaseRenewal,
  type LeaseRequest,
  type LeaseTerms,
  type LogQuery,
  type LogWrite,
  type MemoryRunStoreOptions,
  type OpenRun,
  type Permit,
  type PermitBlock,
  type PermitGrant,
  type PermitRequest,
  type PermitWish,
  type PruneRequest,
  type Pruned,
  type RecordWrite,
  type Run,
  type RunId,
  type RunNotes,
  type RunQuery,
  type RunStore,
  type RunWrite,
  type ScheduleRecord,
  type ScheduleWrite,
  type SharedState,
  type StopWatching,
  type WatchTerms,
  type Write,
  type WriteOutcome,
} from '@holdfast/core';

const store = memoryRunStore();
const id = '' as RunId;
const fence: Fence = { rootId: id, epoch: 1 };

it('a store of one’s own has every method of the port', () => {
  expectTypeOf(store).toExtend<RunStore>();
  expectTypeOf<RunStore>().toExtend<RunNotes & SharedState & Claims>();
  const counting: RunStore = {
    ...store,
    adapter: 'counting',
    run: async (which) => store.run(which),
  };
  createEngine({ store: counting });
  // @ts-expect-error -- it must say whether runs outlive the process
  const silent: RunStore = { ...store, durable: undefined };
  // @ts-expect-error -- a read that is not there gives undefined
  const wrong: RunStore = { ...store, run: async () => null };
  // @ts-expect-error -- a store is not all methods but these
  createEngine({ store: { adapter: 'x', durable: true } });
  void [silent, wrong];
  expectTypeOf(memoryRunStore).parameter(0).toEqualTypeOf<MemoryRunStoreOptions | undefined>();
  // @ts-expect-error -- a number of runs is no text
  memoryRunStore({ keepEnded: 'all' });
});

it('one write is one of these', () => {
  expectTypeOf<Write>().toEqualTypeOf<
    | RunWrite
    | RecordWrite
    | HookDeliveredWrite
    | ChildWrite
    | CancelRequestWrite
    | LogWrite
    | ArtifactWrite
    | CacheWrite
    | InputWrite
    | ScheduleWrite
  >();
  checkWrites([{ kind: 'cancel-request', rootId: id, reason: 'enough' }]);
  // @ts-expect-error -- there is no such write
  checkWrites([{ kind: 'delete', rootId: id }]);
  // @ts-expect-error -- a recorded value is written under a lease
  const bare: RecordWrite = {
    kind: 'record',
    value: { runId: id, rootId: id, scope: '', slot: '', value: 1 },
  };
  // @ts-expect-error -- a lease is of a run's id
  const foreign: Fence = { rootId: 'x', epoch: 1 };
  void [bare, foreign, fence];
});

it('a conflict is a value', async () => {
  expectTypeOf<Durability>().toEqualTypeOf<'process' | 'machine'>();
  const [outcome] = await store.commit([], 'machine');
  expectTypeOf(outcome).toEqualTypeOf<WriteOutcome | undefined>();
  if (outcome !== undefined && !outcome.ok) {
    expectTypeOf(outcome.conflict).toEqualTypeOf<'version' | 'fence' | 'exists'>();
    if (outcome.conflict === 'exists') expectTypeOf(outcome.run).toEqualTypeOf<Run>();
    // @ts-expect-error -- only what exists is shown
    else void outcome.run;
  }
  // @ts-expect-error -- there is no such durability
  void store.commit([], 'disk');
});

it('leases are asked for, renewed and given back', async () => {
  const request: LeaseRequest = { rootId: id, holder: 'h', ttl: 1, now: 1 };
  expectTypeOf(store.acquireLease(request)).toEqualTypeOf<Promise<LeaseGrant>>();
  expectTypeOf<LeaseGrant['lease']>().toEqualTypeOf<Lease>();
  const terms: LeaseTerms & { now: number } = { holder: 'h', ttl: 1, now: 1 };
  expectTypeOf(store.renewLeases([fence], terms)).resolves.toEqualTypeOf<readonly LeaseRenewal[]>();
  expectTypeOf(store.openRuns()).resolves.toEqualTypeOf<readonly OpenRun[]>();
  // @ts-expect-error -- the time is told, never looked up
  void store.acquireLease({ rootId: id, holder: 'h', ttl: 1 });
});

it('runs on queues are claimed, and news are watched', () => {
  const request: ClaimRequest = {
    queues: ['q'],
    flows: ['nightly'],
    tasks: [],
    holder: 'h',
    ttl: 1,
    now: 1,
    limit: 1,
  };
  expectTypeOf(store.claim(request)).resolves.toEqualTypeOf<readonly Claim[]>();
  expectTypeOf<Claim['lease']>().toExtend<Fence>();
  const query: ClaimQuery = { queues: ['q'] };
  expectTypeOf(store.claimed(query)).resolves.toEqualTypeOf<readonly Claim[]>();
  const terms: WatchTerms = { queues: ['q'], runs: [id] };
  expectTypeOf(store.watch(terms, () => undefined)).resolves.toEqualTypeOf<StopWatching>();
  expectTypeOf(new Watchers().add(terms, () => undefined)).toEqualTypeOf<StopWatching>();
  expectTypeOf(claimableFrom).returns.toEqualTypeOf<number | undefined>();
  // @ts-expect-error -- a worker says what it can execute
  void store.claim({ queues: ['q'], holder: 'h', ttl: 1, now: 1, limit: 1 });
});

it('runs are asked for by what they are', () => {
  const query: RunQuery = {
    kind: 'task',
    states: ['FAILED'],
    stateNames: ['TimedOut'],
    order: 'oldest',
  };
  expectTypeOf(store.runs(query)).resolves.toEqualTypeOf<readonly Run[]>();
  // @ts-expect-error -- there is no such order
  void store.runs({ order: 'random' });
  // @ts-expect-error -- there is no such condition
  void store.runs({ parent: id });
});

it('what runs share is kept beside them', () => {
  const wish: PermitWish = { limit: 'db', capacity: 4, slots: 1 };
  const request: PermitRequest = { id: 'x', holder: 'h', wishes: [wish], now: 1, ttl: 1 };
  expectTypeOf(store.acquirePermits(request)).toEqualTypeOf<Promise<PermitGrant>>();
  expectTypeOf<Exclude<PermitGrant, { granted: true }>['blocks']>().toEqualTypeOf<
    readonly PermitBlock[]
  >();
  expectTypeOf<PermitBlock['permits']>().toEqualTypeOf<readonly Permit[]>();
  expectTypeOf(store.cached('k')).resolves.toEqualTypeOf<CachedResult | undefined>();
  expectTypeOf(store.inputs(id)).resolves.toEqualTypeOf<readonly GivenInput[]>();
  expectTypeOf(store.schedules()).resolves.toEqualTypeOf<readonly ScheduleRecord[]>();
  const lines: LogQuery = { rootId: id, level: 'warn' };
  void store.logs(lines);
  const old: PruneRequest = { endedBefore: 1, states: ['COMPLETED'], limit: 10, now: 1 };
  expectTypeOf(store.prune(old)).resolves.toEqualTypeOf<Pruned>();
  // @ts-expect-error -- what has not ended is not forgotten
  void store.prune({ ...old, states: ['RUNNING'] });
});
