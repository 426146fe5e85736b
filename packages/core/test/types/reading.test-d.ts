import { expectTypeOf, it } from 'vitest';
import {
  createEngine,
  displayState,
  memoryRunStore,
  timelineGantt,
  timelineText,
  type DefinitionInfo,
  type DisplayState,
  type Explanation,
  type FailureStep,
  type FirstFailure,
  type HistoryKeeper,
  type Lane,
  type LeaseHolder,
  type LimitInTheWay,
  type LimitKind,
  type LogFilter,
  type NamedRun,
  type Phase,
  type Reason,
  type Run,
  type RunFacts,
  type RunId,
  type RunReader,
  type RunsAgain,
  type ScheduleInfo,
  type Schedules,
  type ShareHolder,
  type Span,
  type StateCounts,
  type StateName,
  type Timeline,
  type TimelineGanttOptions,
  type TimelineTextOptions,
  type Wait,
  type WorkersSeen,
} from '@holdfast/core';

const engine = createEngine({ store: memoryRunStore() });
const id = '' as RunId;

it('an engine reads runs back, and keeps their history', () => {
  expectTypeOf(engine).toExtend<RunReader & HistoryKeeper>();
  expectTypeOf(engine.definitions()).toEqualTypeOf<readonly DefinitionInfo[]>();
  const filter: LogFilter = { level: 'warn', limit: 10 };
  void engine.logs(id, filter);
  // @ts-expect-error -- there is no such level
  void engine.logs(id, { level: 'loud' });
  // @ts-expect-error -- a text is no run's id
  void engine.explain('x');
});

it('an explanation says what a run waits for, and what failed', async () => {
  const told = await engine.explain(id);
  expectTypeOf(told).toEqualTypeOf<Explanation>();
  expectTypeOf(told.run).toEqualTypeOf<RunFacts>();
  expectTypeOf(told.holder).toEqualTypeOf<LeaseHolder | undefined>();
  expectTypeOf(told.whatItWaitsFor).toEqualTypeOf<readonly Wait[]>();
  expectTypeOf(told.whatFailedFirst).toEqualTypeOf<FirstFailure | undefined>();
  expectTypeOf(told.whatWouldRunAgain).toEqualTypeOf<RunsAgain>();
  expectTypeOf(told.counts).toEqualTypeOf<StateCounts>();
  expectTypeOf<FirstFailure['chain']>().toEqualTypeOf<readonly FailureStep[]>();
  expectTypeOf<FailureStep['run']>().toEqualTypeOf<NamedRun>();
  // @ts-expect-error -- nothing may have failed
  void told.whatFailedFirst.error;
});

it('a wait carries what belongs to it', () => {
  const wait = {} as Wait;
  expectTypeOf(wait).toExtend<Reason>();
  if (wait.for === 'queue') expectTypeOf(wait.workers).toEqualTypeOf<WorkersSeen>();
  if (wait.for === 'slot') {
    expectTypeOf(wait.limits).toEqualTypeOf<readonly LimitInTheWay[]>();
    const [first] = wait.limits;
    expectTypeOf(first).toEqualTypeOf<LimitInTheWay | undefined>();
    expectTypeOf<LimitInTheWay>().toExtend<LimitKind>();
    expectTypeOf(first?.heldBy).toEqualTypeOf<readonly ShareHolder[] | undefined>();
    // @ts-expect-error -- the limit of equal runs has no name
    void first?.name;
  }
  if (wait.for === 'retry') expectTypeOf(wait.attempt).toEqualTypeOf<number>();
  // @ts-expect-error -- only some waits end at a known time
  void wait.dueAt;
});

it('a timeline is drawn as text or as a chart', async () => {
  const timeline = await engine.timeline(id);
  expectTypeOf(timeline).toEqualTypeOf<Timeline>();
  expectTypeOf(timeline.lanes).toEqualTypeOf<readonly Lane[]>();
  expectTypeOf<Lane['spans']>().toEqualTypeOf<readonly Span[]>();
  expectTypeOf<Span['phase']>().toEqualTypeOf<Phase>();
  expectTypeOf(timelineText).toEqualTypeOf<
    (timeline: Timeline, options?: TimelineTextOptions) => string
  >();
  expectTypeOf(timelineGantt).toEqualTypeOf<
    (timeline: Timeline, options?: TimelineGanttOptions) => string
  >();
  expectTypeOf(engine.mermaid(id)).toEqualTypeOf<Promise<string>>();
  // @ts-expect-error -- a number of lanes is no text
  timelineText(timeline, { lanes: 'all' });
});

it('a run that is late is shown as that', () => {
  const run = {} as Run;
  expectTypeOf(displayState(run, 1)).toEqualTypeOf<DisplayState>();
  expectTypeOf<DisplayState>().toEqualTypeOf<StateName | 'Late' | 'RolledBack'>();
  // @ts-expect-error -- the time is told
  displayState(run);
});

it('schedules are listed, paused and resumed', () => {
  expectTypeOf(engine.schedules).toEqualTypeOf<Schedules>();
  expectTypeOf(engine.schedules.list()).toEqualTypeOf<Promise<readonly ScheduleInfo[]>>();
  expectTypeOf<ScheduleInfo['next']>().toEqualTypeOf<Date | undefined>();
  // @ts-expect-error -- by its name
  void engine.schedules.pause(1);
});
