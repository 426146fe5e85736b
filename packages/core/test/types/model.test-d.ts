import { expectTypeOf, it } from 'vitest';
import {
  isTerminal,
  isTerminalType,
  STATE_TYPES,
  type AwaitingRetryState,
  type CancelledState,
  type CancellingState,
  type ChildRecord,
  type CodeVersion,
  type CompletedState,
  type CrashedState,
  type Dependency,
  type EarlierVersion,
  type EpochMs,
  type FailedState,
  type Failure,
  type FlowRun,
  type HistoryEntry,
  type HookName,
  type JsonValue,
  type OpenState,
  type PausedState,
  type PendingHook,
  type PendingState,
  type RecordedValue,
  type Run,
  type RunBase,
  type RunBounds,
  type RunId,
  type RunningState,
  type ScheduledState,
  type SkippedState,
  type State,
  type StateName,
  type StateType,
  type StoredValue,
  type TaskRun,
  type TerminalState,
  type WindowSpan,
} from '@holdfast/core';

declare const run: Run;
const error: Failure = { name: 'Error', message: 'no' };

it('a state carries what is valid in it, and nothing else', () => {
  const { state } = run;
  switch (state.type) {
    case 'COMPLETED':
      expectTypeOf(state).toEqualTypeOf<CompletedState>();
      expectTypeOf(state.result).toEqualTypeOf<StoredValue>();
      expectTypeOf(state.failedTasks).toEqualTypeOf<number | undefined>();
      // @ts-expect-error -- what completed has no error
      void state.error;
      break;
    case 'FAILED':
      expectTypeOf(state).toEqualTypeOf<FailedState>();
      expectTypeOf(state.error).toEqualTypeOf<Failure>();
      // @ts-expect-error -- what failed has no result
      void state.result;
      break;
    case 'SCHEDULED':
      expectTypeOf(state).toEqualTypeOf<ScheduledState | AwaitingRetryState>();
      expectTypeOf(state.dueAt).toEqualTypeOf<EpochMs>();
      if (state.name === 'AwaitingRetry') expectTypeOf(state.nextAttempt).toEqualTypeOf<number>();
      break;
    case 'RUNNING':
      expectTypeOf(state).toEqualTypeOf<RunningState>();
      break;
    case 'PAUSED':
      expectTypeOf(state).toEqualTypeOf<PausedState>();
      break;
    default:
      expectTypeOf(state).toEqualTypeOf<
        PendingState | CancellingState | CrashedState | CancelledState | SkippedState
      >();
  }
});

it('a wrong mix of type, name and fields cannot be written', () => {
  // @ts-expect-error -- what completed has a result
  const empty: State = { type: 'COMPLETED', name: 'Completed' };
  // @ts-expect-error -- no such name within the type
  const renamed: State = { type: 'FAILED', name: 'Cancelled', error };
  // @ts-expect-error -- what was cancelled has a reason, not an error
  const reasoned: State = { type: 'CANCELLED', name: 'Cancelled', error };
  // @ts-expect-error -- a backoff knows which attempt is next
  const backoff: State = { type: 'SCHEDULED', name: 'AwaitingRetry', dueAt: 1, error };
  void [empty, renamed, reasoned, backoff];
});

it('terminal states are told from open ones', () => {
  const { state } = run;
  if (isTerminal(state)) expectTypeOf(state).toEqualTypeOf<TerminalState>();
  else expectTypeOf(state).toEqualTypeOf<OpenState>();
  const { type } = state;
  expectTypeOf(type).toEqualTypeOf<StateType>();
  if (isTerminalType(type)) expectTypeOf(type).toEqualTypeOf<TerminalState['type']>();
  expectTypeOf(STATE_TYPES).toEqualTypeOf<readonly StateType[]>();
  expectTypeOf<'Late'>().not.toExtend<StateName>();
  // @ts-expect-error -- a name is no type
  isTerminalType('Completed');
});

it('a run is of a flow or of a task', () => {
  expectTypeOf(run).toExtend<RunBase>();
  expectTypeOf(run.groups).toEqualTypeOf<readonly string[] | undefined>();
  expectTypeOf(run.definitionVersion).toEqualTypeOf<string | undefined>();
  expectTypeOf<NonNullable<RunBase['bounds']>>().toEqualTypeOf<RunBounds>();
  expectTypeOf<NonNullable<RunBounds['window']>>().toEqualTypeOf<WindowSpan>();
  if (run.kind === 'flow') {
    expectTypeOf(run).toEqualTypeOf<FlowRun>();
    expectTypeOf(run.inputs).toEqualTypeOf<JsonValue>();
    expectTypeOf(run).toExtend<CodeVersion>();
    expectTypeOf(run.earlierVersions).toEqualTypeOf<readonly EarlierVersion[] | undefined>();
    // @ts-expect-error -- a flow depends on nothing
    void run.dependsOn;
  } else {
    expectTypeOf(run).toEqualTypeOf<TaskRun>();
    expectTypeOf(run.dependsOn).toEqualTypeOf<readonly Dependency[]>();
    expectTypeOf(run.inputs).toEqualTypeOf<JsonValue | undefined>();
  }
  // @ts-expect-error -- a record is written by nobody but the engine
  run.version = 2;
});

it('what stands beside a run names it by its id', () => {
  const id = '' as RunId;
  expectTypeOf<HistoryEntry['runId']>().toEqualTypeOf<RunId>();
  expectTypeOf<PendingHook['hook']>().toEqualTypeOf<HookName>();
  expectTypeOf<RecordedValue['value']>().toEqualTypeOf<JsonValue>();
  expectTypeOf<ChildRecord['rootId']>().toEqualTypeOf<RunId>();
  // @ts-expect-error -- any text is no id
  const dependency: Dependency = { runId: 'x', generation: 1 };
  const right: Dependency = { runId: id, generation: 1 };
  void [dependency, right];
});

it('JSON is what JSON is', () => {
  expectTypeOf<{ a: [1, 'x', null, { b: true }] }>().toExtend<JsonValue>();
  expectTypeOf<Date>().not.toExtend<JsonValue>();
  expectTypeOf<undefined>().not.toExtend<JsonValue>();
});
