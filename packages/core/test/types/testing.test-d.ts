import { expectTypeOf, it } from 'vitest';
import {
  memoryObjectStore,
  memoryRunStore,
  type Clock,
  type FlowRun,
  type HistoryEntry,
  type PendingHook,
  type RandomBytes,
  type Run,
  type RunId,
  type RunWrite,
  type TaskRun,
} from '@holdfast/core';
import {
  applicableChecks,
  bytesOf,
  crashAtEveryStep,
  crashingRunStore,
  faultPlan,
  faultyLine,
  faultyObjectStore,
  faultyRunStore,
  filesUnder,
  objectStoreChecks,
  objectStoreSuite,
  processWithPid,
  runStoreChecks,
  runStoreSuite,
  advanced,
  creation,
  SAMPLE_STATES,
  SAMPLE_TIME,
  sampleFlow,
  sampleHook,
  sampleId,
  sampleStep,
  sampleSubflow,
  sampleTask,
  secretCanary,
  seededRandom,
  TestClock,
  THIEF,
  update,
  type BreakFault,
  type CanaryFinding,
  type CanaryPlace,
  type CanaryPlaces,
  type CrashingRunStore,
  type CrashOptions,
  type CrashPoint,
  type CrashReport,
  type CutFault,
  type CutOptions,
  type DelayFault,
  type FailFault,
  type FaultPlan,
  type FaultTarget,
  type FaultyCall,
  type FaultyLine,
  type FaultyObjectStore,
  type FaultyRunStore,
  type FlipFault,
  type Line,
  type LoseFault,
  type LostAnswerFault,
  type ObjectStoreCall,
  type ObjectStoreCheck,
  type ObjectStoreFault,
  type ObjectStoreMethod,
  type ObjectStoreSubject,
  type OutageFault,
  type PlannedFault,
  type RunStoreCheck,
  type RunStoreFault,
  type RunStoreHarness,
  type SecretCanary,
  type ShortWriteFault,
  type WriteTerms,
  type WrongSizeFault,
} from '@holdfast/core/testing';
import { count, databases } from './sample.ts';

it('a test moves its clock and knows its chance', () => {
  const clock = new TestClock(0);
  expectTypeOf(clock).toExtend<Clock>();
  expectTypeOf(clock.advance(1)).toEqualTypeOf<Promise<void>>();
  expectTypeOf(clock.runUntil(Promise.resolve(1))).toEqualTypeOf<Promise<number>>();
  expectTypeOf(seededRandom(1)).toEqualTypeOf<RandomBytes>();
  // @ts-expect-error -- milliseconds
  void clock.advance('1h');
});

it('a flow is crashed at every step with its own arguments', async () => {
  const options: CrashOptions<typeof count> = { args: [databases] };
  const report = await crashAtEveryStep(count, options);
  expectTypeOf(report).toEqualTypeOf<CrashReport<number>>();
  expectTypeOf<Parameters<NonNullable<typeof options.check>>[0]>().toEqualTypeOf<CrashPoint>();
  expectTypeOf(crashingRunStore(memoryRunStore(), undefined)).toEqualTypeOf<CrashingRunStore>();
  // @ts-expect-error -- the argument is a list of databases
  void crashAtEveryStep(count, { args: ['x'] });
  // @ts-expect-error -- the store is the test's
  void crashAtEveryStep(count, { engine: { store: memoryRunStore() } });
});

it('faults are planned', () => {
  const planned: PlannedFault = { name: 'dump', attempt: 1, error: new Error('planned') };
  expectTypeOf(faultPlan().fail(planned)).toEqualTypeOf<FaultPlan>();
  const fault: RunStoreFault = { call: 'commit', nth: 1, does: 'fails' };
  expectTypeOf(faultyRunStore(memoryRunStore(), [fault])).toEqualTypeOf<FaultyRunStore>();
  expectTypeOf<'commit'>().toExtend<FaultyCall>();
  expectTypeOf(THIEF).toExtend<string>();
  const broken: ObjectStoreFault = { fault: 'break', on: 'get', afterBytes: 1 };
  expectTypeOf(faultyObjectStore(memoryObjectStore(), [broken])).toEqualTypeOf<FaultyObjectStore>();
  expectTypeOf(faultyLine({ host: 'localhost', port: 1 })).toEqualTypeOf<Promise<FaultyLine>>();
  const cut: CutOptions = { down: 10 };
  expectTypeOf<Line['cut']>().toBeCallableWith(cut);
  // @ts-expect-error -- a list is not broken after bytes
  const wrong: ObjectStoreFault = { fault: 'break', on: 'list', afterBytes: 1 };
  // @ts-expect-error -- there is no such call
  const unknown: RunStoreFault = { call: 'write', nth: 1, does: 'fails' };
  void [wrong, unknown];
});

it('a fault of an object store is one of these', () => {
  type Known =
    | FailFault
    | LostAnswerFault
    | BreakFault
    | CutFault
    | ShortWriteFault
    | LoseFault
    | FlipFault
    | DelayFault
    | OutageFault
    | WrongSizeFault;
  expectTypeOf<Known>().toExtend<ObjectStoreFault>();
  expectTypeOf<BreakFault>().toExtend<FaultTarget>();
  expectTypeOf<ObjectStoreCall['method']>().toEqualTypeOf<ObjectStoreMethod>();
  // @ts-expect-error -- it is said how much is kept
  const short: ShortWriteFault = { fault: 'short-write', on: 'put' };
  void short;
});

it('samples are records as the engine writes them', () => {
  const root = sampleFlow(1);
  const task = sampleTask(2, root, { groups: ['g'] });
  expectTypeOf(sampleSubflow(3, root)).toEqualTypeOf<FlowRun>();
  expectTypeOf(sampleId(1)).toEqualTypeOf<RunId>();
  expectTypeOf(SAMPLE_TIME).toExtend<number>();
  const [state] = SAMPLE_STATES;
  if (state !== undefined) expectTypeOf(advanced(task, state)).toEqualTypeOf<TaskRun>();
  expectTypeOf(sampleStep(task)).toEqualTypeOf<HistoryEntry>();
  expectTypeOf(sampleHook(task, 'onCrash')).toEqualTypeOf<PendingHook>();
  const terms: WriteTerms = { fence: { rootId: root.id, epoch: 1 } };
  expectTypeOf(creation(task, terms)).toEqualTypeOf<RunWrite>();
  expectTypeOf(update(task, terms)).toEqualTypeOf<RunWrite>();
  // @ts-expect-error -- a task stands below a run
  sampleTask(2);
  // @ts-expect-error -- there is no such hook
  sampleHook(task, 'onPause');
});

it('adapters are held to the suites', () => {
  expectTypeOf(runStoreSuite).toEqualTypeOf<
    (name: string, open: () => Promise<RunStoreHarness>) => void
  >();
  expectTypeOf(objectStoreSuite).toEqualTypeOf<
    (name: string, open: () => Promise<ObjectStoreSubject>) => void
  >();
  expectTypeOf(runStoreChecks).toEqualTypeOf<readonly RunStoreCheck[]>();
  expectTypeOf(objectStoreChecks).toEqualTypeOf<readonly ObjectStoreCheck[]>();
  expectTypeOf(applicableChecks).returns.toEqualTypeOf<readonly RunStoreCheck[]>();
  expectTypeOf(sampleFlow(1)).toExtend<Run>();
  // @ts-expect-error -- a harness closes what it opened
  const harness: RunStoreHarness = { store: memoryRunStore() };
  void harness;
});

it('a canary is looked for in places', () => {
  const canary = secretCanary();
  expectTypeOf(canary).toEqualTypeOf<SecretCanary>();
  const places: CanaryPlaces = { files: filesUnder('/tmp'), process: processWithPid(1) };
  expectTypeOf(canary.findIn(places)).toEqualTypeOf<Promise<CanaryFinding[]>>();
  expectTypeOf(bytesOf).returns.toEqualTypeOf<CanaryPlace>();
});
