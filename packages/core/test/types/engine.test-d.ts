import { expectTypeOf, it } from 'vitest';
import {
  createEngine,
  defaultEngine,
  flow,
  memoryRunStore,
  runContext,
  secret,
  setDefaultEngine,
  type Engine,
  type EngineOptions,
  type EnqueueOptions,
  type FlowHandle,
  type FlowRun,
  type HistoryEntry,
  type Outcome,
  type Progress,
  type ToldProgress,
  type Queues,
  type QueueWorker,
  type RecoveryReport,
  type Run,
  type RunContext,
  type RunId,
  type State,
  type WorkOptions,
} from '@holdfast/core';
import { count, databases, dump, Vault, type Backup, type IsAny } from './sample.ts';

const engine = createEngine({ store: memoryRunStore() });
const tick = flow(async () => dump.map([]), { name: 'tick' });
const paged = flow(async (page: number, size = 10) => ({ page, size }), { name: 'paged' });
const eager = flow(async (deep = false) => deep, { name: 'eager' });

it('an engine needs a store, and takes what flows use by name', () => {
  expectTypeOf(createEngine).toEqualTypeOf<(options: EngineOptions) => Engine>();
  createEngine({
    store: memoryRunStore(),
    flows: [count, tick],
    tasks: [dump],
    resources: { vault: new Vault() },
    leaseTtl: '30s',
    codeVersion: '1.2.0',
    aroundAttempt: async (attempt, proceed) => {
      expectTypeOf(attempt.name).toEqualTypeOf<string>();
      expectTypeOf(attempt.kind).toEqualTypeOf<'flow' | 'task'>();
      expectTypeOf(attempt.runId).toEqualTypeOf<RunId>();
      return proceed();
    },
  });
  // @ts-expect-error -- without a store there is nothing to keep runs in
  createEngine({});
  // @ts-expect-error -- there is no such option
  createEngine({ store: memoryRunStore(), flow: [count] });
  // @ts-expect-error -- a name is no flow
  createEngine({ store: memoryRunStore(), flows: ['count'] });
});

it('a flow is put on a queue, and workers execute what waits', () => {
  expectTypeOf(engine).toExtend<Queues>();
  const place: EnqueueOptions = { queue: 'dumps', at: new Date(), idempotencyKey: 'today' };
  expectTypeOf(engine.enqueue(count, [databases], place)).resolves.toEqualTypeOf<
    FlowHandle<number>
  >();
  const options: WorkOptions = { queues: ['dumps'], concurrency: 4, lookEvery: '5s' };
  expectTypeOf(engine.work(options)).resolves.toEqualTypeOf<QueueWorker>();
  // @ts-expect-error -- the flow takes databases
  void engine.enqueue(count, [5]);
  // @ts-expect-error -- queues have names
  void engine.work({ queues: [5] });
});

it('run gives what the flow gives', () => {
  expectTypeOf(engine.run(count, [databases])).toEqualTypeOf<Promise<number>>();
  expectTypeOf(engine.run(tick)).toEqualTypeOf<Promise<Backup[]>>();
  expectTypeOf(engine.run(tick, [])).toEqualTypeOf<Promise<Backup[]>>();
});

it('run takes optional arguments or leaves them out', () => {
  void engine.run(paged, [1]);
  void engine.run(paged, [1, 2]);
  void engine.run(eager);
  void engine.run(eager, []);
  void engine.run(eager, [true]);
  // @ts-expect-error -- the page is missing
  void engine.run(paged, []);
  // @ts-expect-error -- the arguments are missing
  void engine.run(paged);
  // @ts-expect-error -- there is no third argument
  void engine.run(paged, [1, 2, 3]);
  // @ts-expect-error -- the argument is a list of databases
  void engine.run(count, ['x']);
  // @ts-expect-error -- the arguments are missing
  void engine.run(count);
  // @ts-expect-error -- arguments come as a list
  void engine.run(count, databases[0]);
});

it('start gives a handle', async () => {
  const handle = await engine.start(count, [databases]);
  expectTypeOf(handle).toEqualTypeOf<FlowHandle<number>>();
  expectTypeOf(handle.id).toEqualTypeOf<RunId>();
  expectTypeOf(handle.result()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(handle.outcome()).toEqualTypeOf<Promise<Outcome<number>>>();
  expectTypeOf(handle.state()).toEqualTypeOf<Promise<State>>();
  expectTypeOf(handle.run()).toEqualTypeOf<Promise<FlowRun>>();
  expectTypeOf(handle.cancel('enough')).toEqualTypeOf<Promise<void>>();
  void engine.start(tick, []);
  void engine.start(eager, [], { idempotencyKey: 'monday' });
  // @ts-expect-error -- the argument is a list of databases
  void engine.start(count, ['x']);
  // @ts-expect-error -- there is no such option
  void engine.start(eager, [], { key: 'monday' });
  // @ts-expect-error -- a handle is no promise of the result
  void (handle satisfies PromiseLike<number>);
});

it('what is no function of known arguments cannot be run', () => {
  const unknown = count as Function;
  // @ts-expect-error -- its arguments are not known
  void engine.run(unknown);
  // @ts-expect-error -- a name is no flow
  void engine.run('count');
});

it('an engine tells of its runs', () => {
  const id = '' as RunId;
  expectTypeOf(engine.find(id)).toEqualTypeOf<Promise<FlowHandle<unknown>>>();
  expectTypeOf(engine.recover()).toEqualTypeOf<Promise<RecoveryReport>>();
  expectTypeOf(engine.runs({ name: 'count', states: ['FAILED'], limit: 3 })).toEqualTypeOf<
    Promise<readonly Run[]>
  >();
  expectTypeOf(engine.below(id)).toEqualTypeOf<Promise<readonly Run[]>>();
  expectTypeOf(engine.history(id)).toEqualTypeOf<Promise<readonly HistoryEntry[]>>();
  expectTypeOf(engine.cancel(id, 'enough')).toEqualTypeOf<Promise<void>>();
  expectTypeOf(engine.stop({ timeout: '5s' })).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error -- there is no such state
  void engine.runs({ states: ['DONE'] });
  // @ts-expect-error -- there is no such run
  void engine.find(1);
});

it('events carry what they tell of', () => {
  const off = engine.events.on('state', (event) => {
    expectTypeOf(event.run).toEqualTypeOf<Run>();
    expectTypeOf(event.state).toEqualTypeOf<State>();
  });
  expectTypeOf(off).toEqualTypeOf<() => void>();
  engine.events.on('progress', ({ progress }) => {
    expectTypeOf(progress).toEqualTypeOf<ToldProgress>();
    expectTypeOf(progress).toExtend<Progress>();
  });
  engine.events.on('hook-failed', ({ hook, error }) => {
    expectTypeOf(hook).toEqualTypeOf<string>();
    expectTypeOf(error).toEqualTypeOf<unknown>();
  });
  // @ts-expect-error -- there is no such event
  engine.events.on('states', () => {});
});

it('a run knows itself', () => {
  const context = runContext();
  expectTypeOf(context).toEqualTypeOf<RunContext>();
  expectTypeOf(context.runId).toEqualTypeOf<RunId>();
  expectTypeOf(context.rootRunId).toEqualTypeOf<RunId>();
  expectTypeOf(context.attempt).toEqualTypeOf<number>();
  expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
  expectTypeOf(context.idempotencyKey).toEqualTypeOf<string>();
  expectTypeOf(context.now()).toEqualTypeOf<number>();
  expectTypeOf(context.random()).toEqualTypeOf<number>();
  expectTypeOf(context.uuid()).toEqualTypeOf<string>();
  expectTypeOf(context.resource<Vault>('vault')).toEqualTypeOf<Vault>();
  expectTypeOf(context.resource('vault')).toEqualTypeOf<unknown>();
  expectTypeOf(context.secret(secret('env:PASSWORD'))).toEqualTypeOf<Promise<string>>();
  context.progress({ done: 1, total: 2, unit: 'files' });
  // @ts-expect-error -- progress says what is counted
  context.progress({ done: 1 });
  // @ts-expect-error -- a secret is a reference, not the text
  void context.secret('hunter2');
});

it('the default engine can be set and forgotten', () => {
  expectTypeOf(defaultEngine()).toEqualTypeOf<Engine>();
  setDefaultEngine(engine);
  setDefaultEngine(undefined);
});

it('no any comes out of an engine', () => {
  expectTypeOf<IsAny<Awaited<ReturnType<typeof engine.run>>>>().toEqualTypeOf<false>();
  expectTypeOf<IsAny<Awaited<ReturnType<typeof engine.start>>>>().toEqualTypeOf<false>();
});
