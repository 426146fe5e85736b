import { expectTypeOf, it } from 'vitest';
import {
  createEngine,
  flow,
  memoryObjectStore,
  memoryRunStore,
  task,
  type Args,
  type AttemptInfo,
  type AttemptSpan,
  type CacheInput,
  type CacheKeyFunction,
  type CallOptions,
  type Catchup,
  type CommitSpan,
  type CronTimes,
  type DecoratorOptions,
  type Duration,
  type Each,
  type EngineEventMap,
  type EngineEventName,
  type EngineEvents,
  type EngineOptions,
  type FlowFunction,
  type FlowMembers,
  type FlowOptions,
  type FlowValue,
  type GivenTimes,
  type Head,
  type Hooks,
  type IfWontFit,
  type InputOptions,
  type IntervalTimes,
  type Keep,
  type LogOptions,
  type MethodDecorator,
  type OtherVersions,
  type Overlap,
  type PruneOptions,
  type PruneReport,
  type ResultOptions,
  type ResultsSwept,
  type RetentionOptions,
  type Retries,
  type RunOptions,
  type RunSpan,
  type ScheduleOptions,
  type ScheduleRules,
  type Schemas,
  type StartOptions,
  type SweepResultsOptions,
  type Tail,
  type TaskFunction,
  type TaskOptions,
  nextTime,
  type Times,
  type Value,
  type WaitingRun,
  type WhenLimited,
} from '@holdfast/core';
import type { Backup, Db } from './sample.ts';

type Dump = (db: Db, deep?: boolean) => Promise<Backup>;

it('what a function takes and gives', () => {
  expectTypeOf<Args<Dump>>().toEqualTypeOf<[db: Db, deep?: boolean | undefined]>();
  expectTypeOf<Value<Dump>>().toEqualTypeOf<Backup>();
  expectTypeOf<FlowValue<Dump>>().toEqualTypeOf<Backup>();
  expectTypeOf<Head<Args<Dump>>>().toEqualTypeOf<Db>();
  expectTypeOf<Tail<Args<Dump>>>().toEqualTypeOf<[deep?: boolean | undefined]>();
  expectTypeOf<Db[]>().toExtend<Each<Db>>();
  expectTypeOf<string>().not.toExtend<Each<string>>();
  expectTypeOf<Args<(this: Date) => void>>().toEqualTypeOf<never>();
});

it('flow and task are functions, and what they make has members', () => {
  expectTypeOf(task).toEqualTypeOf<TaskFunction>();
  expectTypeOf(flow).toEqualTypeOf<FlowFunction>();
  expectTypeOf(task({ retries: 1 })).toEqualTypeOf<MethodDecorator>();
  expectTypeOf<FlowMembers<[], number, unknown>['flowName']>().toEqualTypeOf<string>();
  type One = { readonly '~standard': never };
  expectTypeOf<One>().toExtend<Schemas>();
  // @ts-expect-error -- a list of schemas holds at least one
  const none: Schemas = [];
  void none;
});

it('options are shared, but for what one kind alone can have', () => {
  expectTypeOf<RunOptions<[Db], Backup>>().toExtend<Hooks<Backup>>();
  expectTypeOf<TaskOptions<[Db], Backup>>().toExtend<RunOptions<[Db], Backup>>();
  expectTypeOf<Exclude<keyof TaskOptions, keyof RunOptions>>().toEqualTypeOf<
    'stillValid' | 'queue'
  >();
  expectTypeOf<Exclude<keyof FlowOptions, keyof RunOptions>>().toEqualTypeOf<
    'durable' | 'resumeWithin' | 'resumeOtherVersions'
  >();
  task(async () => 1, { name: 'a', queue: 'gpu' }).with({ queue: undefined });
  // @ts-expect-error -- flows are put on queues by `enqueue` and by schedules
  flow(async () => 1, { name: 'a', queue: 'gpu' });
  expectTypeOf<'refuse'>().toExtend<OtherVersions>();
  expectTypeOf<keyof CallOptions>().toEqualTypeOf<'waitFor' | 'concurrency' | 'stopOnFailure'>();
  type Decorated = DecoratorOptions<RunOptions<never[]>>;
  expectTypeOf<'key' extends keyof Decorated ? true : false>().toEqualTypeOf<false>();
  const policy: Retries = { limit: 3, delay: ['1s', 5000], jitter: 0.2 };
  const shared: RunOptions = { retries: policy, timeout: '1h', whenLimited: 'refuse', tags: ['x'] };
  task(async () => 1, { name: 'a', ...(shared as TaskOptions<[], number>) });
  expectTypeOf<WhenLimited>().toEqualTypeOf<'wait' | 'refuse'>();
  expectTypeOf<IfWontFit>().toEqualTypeOf<'start' | 'skip'>();
  // @ts-expect-error -- a policy says how often
  const endless: Retries = { delay: '1s' };
  // @ts-expect-error -- there is no such option
  const unknown: RunOptions = { retry: 3 };
  void [endless, unknown];
});

it('a key function of the cache sees the arguments', () => {
  const byName: CacheKeyFunction<[Db]> = ({ name }) => name;
  task(async (db: Db) => db.name, { name: 'a', cache: byName });
  expectTypeOf<CacheInput>().not.toBeAny();
  // @ts-expect-error -- a key is a text
  const wrong: CacheKeyFunction<[Db]> = (db) => db;
  void wrong;
});

it('an engine has options of several kinds', () => {
  const logs: LogOptions = { level: 'silent', maxLine: 100 };
  const results: ResultOptions = { store: memoryObjectStore(), inlineUpTo: 10 };
  const retention: RetentionOptions = { keep: '30d', states: { FAILED: 'forever' } };
  const options: EngineOptions = { store: memoryRunStore(), logs, results, retention };
  const engine = createEngine({
    ...options,
    aroundAttempt: (attempt, proceed) => {
      expectTypeOf(attempt).toEqualTypeOf<AttemptInfo>();
      return proceed();
    },
  });
  expectTypeOf<'forever'>().toExtend<Keep>();
  const prune: PruneOptions = { olderThan: '90d', states: ['COMPLETED'] };
  expectTypeOf(engine.prune(prune)).toEqualTypeOf<Promise<PruneReport>>();
  const sweep: SweepResultsOptions = { olderThan: '2d' };
  expectTypeOf(engine.sweepResults(sweep)).toEqualTypeOf<Promise<ResultsSwept>>();
  const start: StartOptions = { idempotencyKey: 'x', traceparent: '00-…' };
  expectTypeOf<InputOptions['timeout']>().toEqualTypeOf<Duration | undefined>();
  expectTypeOf<WaitingRun['until']>().toEqualTypeOf<Date | undefined>();
  // @ts-expect-error -- a state that a run does not end in
  const wrong: RetentionOptions = { states: { RUNNING: '1d' } };
  // @ts-expect-error -- results lie in an object store
  createEngine({ store: memoryRunStore(), results: { inlineUpTo: 1 } });
  void [start, wrong];
});

it('events and spans have names', () => {
  expectTypeOf<EngineEventName>().toEqualTypeOf<
    'state' | 'replayed' | 'progress' | 'transaction' | 'rolled-back' | 'hook-failed' | 'warning'
  >();
  expectTypeOf<EngineEventMap['warning'][0]['code']>().toEqualTypeOf<string>();
  expectTypeOf<Parameters<EngineEvents['on']>[0]>().toEqualTypeOf<EngineEventName>();
  expectTypeOf<RunSpan['kind']>().toEqualTypeOf<'flow' | 'task'>();
  expectTypeOf<AttemptSpan['attempt']>().toEqualTypeOf<number>();
  expectTypeOf<CommitSpan['writes']>().toEqualTypeOf<number>();
});

it('a schedule has times and rules', () => {
  type F = (day: string) => Promise<void>;
  const cron: CronTimes = { cron: '0 2 * * *', timeZone: 'Europe/Paris' };
  const every: IntervalTimes = { every: '1h' };
  expectTypeOf<CronTimes | IntervalTimes | GivenTimes>().toEqualTypeOf<Times>();
  expectTypeOf(nextTime(cron, new Date())).toEqualTypeOf<Date | undefined>();
  const rules: ScheduleRules = { catchup: 'all', overlap: 'queue', queue: 'nights' };
  const options: ScheduleOptions<F> = { ...cron, ...rules, args: ['monday'] };
  expectTypeOf<Catchup>().toEqualTypeOf<'none' | 'latest' | 'all'>();
  expectTypeOf<Overlap>().toEqualTypeOf<'skip' | 'queue' | 'cancelRunning'>();
  // @ts-expect-error -- the argument is missing
  const bare: ScheduleOptions<F> = { ...every };
  void [options, bare];
});
